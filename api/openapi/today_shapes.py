"""The shape of what a day at the desk begins with."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from leadledger.api.openapi.base_shape import Shape
from leadledger.api.openapi.known_lead_shapes import CapacityUseShape
from leadledger.scoring.outputs import Verdict


class ViewCountShape(Shape):
    """A view of the list: leads to act on, to call, to ask, that come back within a week, and all."""

    view: Literal["act", "call", "ask", "back", "all"]
    leads: int = Field(ge=0)


class NamedLeadShape(Shape):
    """A lead by its id and its title."""

    lead: str
    title: str = Field(description="Its company, or its name; empty: not known.")
    since: date = Field(description="The day from which the recommendation has been the same.")


class NewLeadsShape(Shape):
    """Leads that are newly to be called."""

    since: date = Field(description="The last working day before today.")
    leads: int = Field(ge=0, description="How many have been promoted since that day, to a stage of `to`.")
    best: list[NamedLeadShape]


class LeavingLeadShape(Shape):
    """A promoted lead whose promotion ends soon if nothing happens."""

    lead: str
    title: str
    on: date
    recommendation: Verdict = Field(description="What it will be on that day.")


class LeavingLeadsShape(Shape):
    """Leads to call whose promotion ends soon if nothing happens."""

    days: int = Field(description="Within how many days.")
    looked_at: int = Field(ge=0, description="How many promoted leads were looked at, the nearest to the threshold.")
    leads: list[LeavingLeadShape] = Field(description="The soonest first.")


class WaitingLeadsShape(Shape):
    """Promoted leads of which sales has said nothing since."""

    leads: int = Field(ge=0, description="How many there are, of the first 1,000.")
    longest: list[NamedLeadShape]


class TodayShape(Shape):
    """What a day at the desk begins with."""

    card: str
    release: str
    as_of: date
    at: datetime = Field(description="When it was worked out.")
    leads: int = Field(ge=0)
    to: list[str] = Field(
        description="The stage that scores predict: leads promoted to it are to be called. Empty: those to any are."
    )
    threshold: float | None = Field(
        description="The points above which leads are to be called; null: points don't decide."
    )
    views: list[ViewCountShape]
    back_by: date = Field(description="The last day of the view of leads that come back.")
    new: NewLeadsShape
    waiting: WaitingLeadsShape
    leaving: LeavingLeadsShape
    capacity: list[CapacityUseShape]
    owners: list[str] = Field(description="By name; empty where there are more than 200.")
