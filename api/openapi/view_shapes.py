"""The shapes of saved views of the list of leads."""

from __future__ import annotations

from pydantic import Field

from leadledger.api.openapi.base_shape import Shape
from leadledger.api.pages.desk.saved_views import LONGEST_VIEW_NAME, LONGEST_VIEW_QUERY

_QUERY = "What stands behind `/desk?`: a view, and parameters of `GET /v1/leads` that narrow it. Empty: the usual view."


class SavedViewRequestShape(Shape):
    """A view of the list of leads, and what to call it."""

    name: str = Field(min_length=1, max_length=LONGEST_VIEW_NAME)
    query: str = Field(description=_QUERY, max_length=LONGEST_VIEW_QUERY)


class SavedViewShape(Shape):
    """A view of the list of leads that has a name."""

    name: str
    query: str = Field(description=_QUERY)
    path: str = Field(description="Its address at this service.")


class SavedViewsShape(Shape):
    """The views that were named with a key, by name."""

    views: list[SavedViewShape]


class ForgottenViewShape(Shape):
    """A view that is no longer kept."""

    name: str


VIEW_BODIES = (SavedViewRequestShape, SavedViewShape, SavedViewsShape, ForgottenViewShape)
