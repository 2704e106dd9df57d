"""The shapes of the shadow: naming it, and what it would have said differently."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from leadledger.api.openapi.base_shape import Shape
from leadledger.api.requests.shadow_body import LONGEST_NAME
from leadledger.scoring.outputs import Verdict


class ShadowNamingShape(Shape):
    """The release or the draft that is to be scored along: one of the two."""

    release: str = Field(description="The name of a release.", min_length=1, max_length=LONGEST_NAME)
    draft: str = Field(
        description="The name of a draft, whose text as it is now counts.", min_length=1, max_length=LONGEST_NAME
    )


class ShadowMoveShape(Shape):
    """Scores that would have another recommendation or grade."""

    what: Literal["recommendation", "grade"] = Field(title="Shadow Move Kind")
    before: str
    after: str
    scores: int = Field(ge=1)


class ShadowScoreShape(Shape):
    """A score, and what the shadow would have said of the same values on the same day."""

    score: str = Field(description="The id of the score.")
    lead: str = Field(description="The id of the lead; empty: it has none.")
    at: datetime
    as_of: date
    points: float
    recommendation: Verdict
    grade: str
    shadow_points: float
    shadow_recommendation: Verdict
    shadow_grade: str
    difference: float = Field(description="In points: the shadow's less those of the score.")


class ShadowShape(Shape):
    """What is scored along unseen, and what it would have said differently since."""

    kind: Literal["none", "release", "draft"] = Field(title="Shadow Kind")
    name: str
    revision: int = Field(ge=0, description="Of a draft: the revision that is scored along; else 0.")
    since: datetime | None = Field(description="Scores from then on are compared; null: there is no shadow.")
    by: str = Field(description="The name of a key; empty: on the command line, or no keys are needed.")
    problem: str = Field(description="Why it can't score some leads, or any; else empty.")
    unknown_fields: list[str] = Field(
        description="Fields that it reads and the served card hasn't: unknown in all scores."
    )
    compared: int = Field(ge=0, description="The scores that were compared.")
    waiting: int = Field(ge=0, description="Those that are not yet, up to 100,000.")
    left_out: int = Field(ge=0, description="Those whose events it counts differently, and that aren't stored.")
    failed: int = Field(ge=0, description="Those that it gave no score for.")
    differ: int = Field(ge=0, description="Of the compared ones: those with another recommendation or grade.")
    recommendations: int = Field(ge=0)
    grades: int = Field(ge=0)
    moved: int = Field(ge=0, description="Those with other points.")
    mean_difference: float = Field(description="Of all compared ones, in points: the shadow's less those given.")
    mean_distance: float = Field(ge=0, description="The same without signs.")
    largest_distance: float = Field(ge=0)
    promoted: int = Field(ge=0, description="Scores that recommended to promote.")
    shadow_promoted: int = Field(ge=0, description="Those for which it would have.")
    moves: list[ShadowMoveShape]
    leads: list[ShadowScoreShape] = Field(
        description="The newest 200 scores that differ; those of forgotten leads are gone."
    )


SHADOW_BODIES = (ShadowNamingShape, ShadowShape)
