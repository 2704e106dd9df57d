"""The shape of a scorecard: the answer of GET /v1/scorecard, as `service/scorecard_json.py` builds it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import ConfigDict, Field

from leadledger.api.openapi.base_shape import Shape
from leadledger.scoring.axis import AxisName, AxisOrNone
from leadledger.scoring.tree import Kind


class PointsShape(Shape):
    """Points as the card declares them, and as they count: multiplied by trust."""

    declared: float
    effective: float


class HalfLifeShape(Shape):
    """The days after which half of the points are left, counted from a date field."""

    days: int
    of: str


class CardFieldShape(Shape):
    """A field of the card."""

    model_config = ConfigDict(title="Field")

    name: str
    title: str
    kind: Kind
    unit: str
    values: list[str] = Field(description="The allowed texts; empty: any.")
    better: Literal["higher", "lower", ""]
    question: str = Field(description="The question that asks for its value; empty: none.")
    columns: list[str] = Field(description="The names that a lead may use for it; empty if it is computed.")
    is_: str = Field(alias="is", description="How it is computed from other fields or from events; else empty.")
    axis: AxisOrNone = Field(description="The axis of its learned points; empty where the card has no axes.")


class PropertyShape(Shape):
    """What an event tells."""

    name: str
    kind: Kind


class EventKindShape(Shape):
    """A kind of events, or a subset of one."""

    name: str
    of: str = Field(description="The kind of which it is a subset; empty: none.")
    names: list[str] = Field(description="The names under which its events may come; empty for a subset.")
    properties: list[PropertyShape]
    is_: str = Field(alias="is", description="All that the card says of it, in words.")


class CriterionShape(Shape):
    """A criterion and its condition."""

    name: str
    title: str
    met: str
    essential: bool


class GroupShape(Shape):
    """Rules that share limits, or of which only the best one counts."""

    name: str
    max: PointsShape | None
    min: PointsShape | None
    best_of: bool
    axis: AxisOrNone = Field(description="The axis of its rules; empty where the card has no axes.")


class RuleShape(Shape):
    """A rule: a condition, and the points for leads that meet it."""

    name: str
    when: str
    points: PointsShape
    half_life: HalfLifeShape | None
    group: str
    axis: AxisOrNone = Field(description="The axis of its points; empty where the card has no axes.")
    reason: str
    why: str
    since: date | None


class ExclusionShape(Shape):
    """A condition that disqualifies a lead, whatever its points."""

    name: str
    when: str
    reason: str


class AxisGradeShape(Shape):
    """A grade of an axis, which a stage asks for."""

    axis: AxisName
    grade: str


class StageShape(Shape):
    """A stage and what a lead needs to reach it."""

    name: str
    requires: list[str] = Field(description="The criteria that must be met.")
    axis_grades: list[AxisGradeShape] = Field(description="The lowest grades of axes; empty: none is asked for.")
    line: float | None = Field(description="The threshold in points; null: only criteria decide.")
    promise: str = Field(description="What training guarantees for leads above the threshold; may be empty.")
    closed: str = Field(description="Why points can't open the stage; empty: they can.")
    explore: float = Field(
        default_factory=float,
        ge=0,
        le=1,
        description="The share of leads below the threshold that are promoted at random; absent: none are.",
    )
    hold_band: float = Field(
        default_factory=float,
        ge=0,
        description="So many points below the threshold still keep a promotion; absent: none do.",
    )
    hold_days: int = Field(
        default_factory=int, ge=0, description="After so many days below that, the promotion ends; absent: at once."
    )
    cool_down_days: int = Field(
        default_factory=int,
        ge=0,
        description="For so many days a lead that sales rejected isn't recommended again; absent: for none.",
    )
    cool_down_unless: str = Field(
        default_factory=str,
        description="The date field in which a later day than that of the rejection ends the wait; empty: none does.",
    )


class GradeShape(Shape):
    """A grade and its lowest points; null for the lowest grade."""

    grade: str
    from_: float | None = Field(alias="from")


class AxisShape(Shape):
    """An axis, and its grades."""

    axis: AxisName
    grades: list[GradeShape]
    unknown: float = Field(
        ge=0, le=1, description="Where more than this share of its worth is unknown, its grade is `?`."
    )
    worth: float = Field(description="By how many points its rules and tables can move a lead, all together.")


class BinShape(Shape):
    """Learned points of one bin of a field, or of one cell of a pair of fields."""

    labels: list[str] = Field(description="The bin of each field.")
    points: float
    plus_minus: float | None = Field(ge=0, description="The standard error of the points; null where it is unknown.")
    leads: int = Field(description="The number of leads of the history in it.")


class NodeShape(Shape):
    """A node of a combination's trees: a split, which tests a field, or a leaf, which has points.

    A lead starts at node 0 of each tree. At a split it continues at `then` if its value is in one of the bins, else at
    `else`. The points of the leaf that it reaches count.
    """

    tree: int = Field(ge=0, description="The number of its tree; the points of all trees of a combination add up.")
    node: int = Field(ge=0, description="Its number in the tree.")
    field: str = Field(description="The field that it tests; empty at a leaf.")
    bins: list[str] = Field(
        description="The bins; adjacent bins of a number are merged into one name. Empty at a leaf."
    )
    then: int | None = Field(description="The next node for a lead in one of the bins; null at a leaf.")
    else_: int | None = Field(alias="else", description="The next node for any other lead; null at a leaf.")
    points: float | None = Field(description="The points of a leaf; null at a split.")
    leads: int | None = Field(description="The number of leads of the history that reached this leaf; null at a split.")


class CombinationShape(Shape):
    """Learned points of three or more fields together: decision trees, each of which adds its points."""

    name: str
    fields: list[str]
    plus_minus: float | None = Field(ge=0, description="The standard error of its points; null where it is unknown.")
    nodes: list[NodeShape] = Field(description="The nodes of all its trees.")


class TableShape(Shape):
    """Learned points of one field or of a pair."""

    name: str
    fields: list[str]
    bins: list[BinShape]


class StepModelShape(Shape):
    """A step of leads from stage to stage, and what was learned of it. Groups and rules count by its own trust."""

    step: str = Field(description="The stage that it leads to.")
    within: int = Field(description="Days, from the one on which a lead reached the stage before.")
    base_rate: float | None = Field(description="The share of leads that made it; null where nobody began it.")
    trust: float
    start: float
    tables: list[TableShape]
    combinations: list[CombinationShape]


class ScorecardShape(Shape):
    """The card and what was learned for it."""

    name: str
    title: str
    release: str
    base_rate: float | None
    trust: float = Field(description="The factor by which declared points are multiplied.")
    start: float = Field(description="The points where every lead starts.")
    fields: list[CardFieldShape]
    events: list[EventKindShape] = Field(description="The kinds of events; empty where the card declares none.")
    criteria: list[CriterionShape]
    groups: list[GroupShape]
    rules: list[RuleShape]
    exclude: list[ExclusionShape]
    stages: list[StageShape]
    grades: list[GradeShape]
    axes: list[AxisShape] = Field(description="The axes; empty where the card has none.")
    percentiles: list[float] = Field(
        description="The points from which 1, 2, … 99 of 100 leads that judged the release have fewer points; empty "
        "where it doesn't know."
    )
    tables: list[TableShape]
    combinations: list[CombinationShape]
    amount: str = Field(description="The field with what a sale brings; empty: none.")
    steps: list[StepModelShape] = Field(
        description="What was learned of each step up to a sale, in their order; empty where the release has none."
    )
