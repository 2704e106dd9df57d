"""The shape of a scorecard: the answer of GET /v1/scorecard, as `service/scorecard_json.py` builds it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import ConfigDict, Field

from leadledger.api.openapi.base_shape import Shape
from leadledger.scoring.tree import Kind


class PointsShape(Shape):
    """Points as the card declares them, and as they count: times trust."""

    declared: float
    effective: float


class HalfLifeShape(Shape):
    """Half of the points are left after so many days since a date field."""

    days: int
    of: str


class CardFieldShape(Shape):
    """A field of the card."""

    model_config = ConfigDict(title="Field")

    name: str
    title: str
    kind: Kind
    unit: str
    values: list[str] = Field(description="The texts that it may have; empty: any.")
    better: Literal["higher", "lower", ""]
    question: str = Field(description="The question that asks for it; empty: it is not asked for.")
    columns: list[str] = Field(description="The names under which a lead may bring it; none where it is worked out.")
    is_: str = Field(alias="is", description="How it is worked out from other fields; else empty.")


class CriterionShape(Shape):
    """A criterion, and the condition that meets it."""

    name: str
    title: str
    met: str
    essential: bool


class GroupShape(Shape):
    """Rules that share limits, or of which only the best counts."""

    name: str
    max: PointsShape | None
    min: PointsShape | None
    best_of: bool


class RuleShape(Shape):
    """A rule: a condition and the points that it earns where it is true."""

    name: str
    when: str
    points: PointsShape
    half_life: HalfLifeShape | None
    group: str
    reason: str
    why: str
    since: date | None


class ExclusionShape(Shape):
    """A condition that disqualifies, whatever the points."""

    name: str
    when: str
    reason: str


class StageShape(Shape):
    """A stage, and what opens it."""

    name: str
    requires: list[str] = Field(description="The criteria that must be met.")
    line: float | None = Field(description="The points that must be reached; null: criteria alone decide.")
    promise: str = Field(description="What training promises of the leads above the line; may be empty.")
    closed: str = Field(description="Why the stage can't open by points; empty: it can.")


class GradeShape(Shape):
    """A grade and the points from which it is given; null for the lowest."""

    grade: str
    from_: float | None = Field(alias="from")


class BinShape(Shape):
    """Learned points of one bin of a field, or of one cell of a pair of fields."""

    labels: list[str] = Field(description="The bin of each field.")
    points: float
    plus_minus: float | None = Field(ge=0, description="The standard error of the points; null where it is not known.")
    leads: int = Field(description="The leads of the history that fell in it.")


class NodeShape(Shape):
    """A node of a combination's trees: a choice, which asks a field, or an end, which has points.

    A lead starts at node 0 of each tree. At a choice, one whose field falls in one of the bins goes on at `then`, any
    other at `else`; the points of the end to which it comes count.
    """

    tree: int = Field(ge=0, description="The tree that it is of; the points of all trees of a combination add up.")
    node: int = Field(ge=0, description="Its number in the tree.")
    field: str = Field(description="The field that it asks; empty: it is an end.")
    bins: list[str] = Field(description="The bins; neighbouring bins of a number are named as one. None at an end.")
    then: int | None = Field(description="The node that comes next for a lead in one of the bins; null at an end.")
    else_: int | None = Field(alias="else", description="The node that comes next for any other; null at an end.")
    points: float | None = Field(description="The points of an end; null at a choice.")
    leads: int | None = Field(description="The leads of the history that came to this end; null at a choice.")


class CombinationShape(Shape):
    """Learned points of three fields or more together: trees of choices, of which each adds its points."""

    name: str
    fields: list[str]
    plus_minus: float | None = Field(ge=0, description="The standard error of its points; null where it is not known.")
    nodes: list[NodeShape] = Field(description="The nodes of all its trees.")


class TableShape(Shape):
    """Learned points of one field or of a pair."""

    name: str
    fields: list[str]
    bins: list[BinShape]


class ScorecardShape(Shape):
    """The card, and what was learned for it."""

    name: str
    title: str
    release: str
    base_rate: float | None
    trust: float = Field(description="The factor by which declared points count.")
    start: float = Field(description="The points where every lead starts.")
    fields: list[CardFieldShape]
    criteria: list[CriterionShape]
    groups: list[GroupShape]
    rules: list[RuleShape]
    exclude: list[ExclusionShape]
    stages: list[StageShape]
    grades: list[GradeShape]
    tables: list[TableShape]
    combinations: list[CombinationShape]
