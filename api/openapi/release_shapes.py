"""The shapes of one release, and of what differs between two."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from leadledger.api.openapi.base_shape import Shape
from leadledger.api.openapi.draft_shapes import TextLineShape

DifferenceKind = Literal["added", "removed", "changed"]
_MOVED = Field(description="By how many points; what isn't there earns 0.")


class ReleaseDetailsShape(Shape):
    """A release: what it was made of, and what was measured of it."""

    name: str
    current: bool = Field(description="Whether it is the current release.")
    format: int
    card: str = Field(description="The name of its card.")
    created: datetime
    note: str
    standard_names: bool = Field(description="Whether it reads standard names of CRMs.")
    files: dict[str, str] = Field(description="The SHA-256 digest of each of its files.")
    metrics: dict[str, Any] = Field(description="What training measured, as `leadledger releases show --json` has it.")
    provenance: dict[str, Any] = Field(description="What it was made from: data, versions, who edited it.")


class PointsDifferenceShape(Shape):
    """The points that something earns in the old release and in the new; null: it isn't there."""

    name: str
    old: float | None
    new: float | None
    moved: float = _MOVED


class CutoffDifferenceShape(Shape):
    """The points from which something is given, in the old release and in the new; null: it isn't there."""

    name: str
    old: float | None
    new: float | None
    moved: float | None = Field(description="By how many points; null where one of the two isn't there.")


class TextDifferenceShape(Shape):
    """What has no points of its own, in the old release and in the new; null: it isn't there."""

    name: str
    old: str | None
    new: str | None


class RateDifferenceShape(Shape):
    """A rate (0..1) of both releases; null: it isn't known."""

    old: float | None
    new: float | None


class RuleDifferenceShape(Shape):
    """A rule that differs, or that counts otherwise since the trust does."""

    name: str
    change: DifferenceKind
    declared: PointsDifferenceShape = Field(description="As the card says.")
    effective: PointsDifferenceShape = Field(description="With the trust of each release.")
    edits: list[TextDifferenceShape]


class ThresholdDifferenceShape(Shape):
    """A threshold that differs."""

    name: str
    points: CutoffDifferenceShape
    edits: list[TextDifferenceShape]


class TermDifferenceShape(Shape):
    """A learned table, pair or combination that differs."""

    name: str
    change: DifferenceKind
    size: int = Field(description="Its bins or cells, after the split at the edges of both releases.")
    moved: int = Field(description="How many of them differ.")
    most: float = Field(description="The largest difference, in points, without its sign.")
    bins: list[PointsDifferenceShape] = Field(description="Of a table: all that differ; else left out.")
    cells: list[PointsDifferenceShape] = Field(description="Of a pair or combination: the three that differ most.")
    bounds: list[PointsDifferenceShape] = Field(
        description="Of a combination with too many cells: the least and the most points; else left out or empty."
    )


class ReleaseComparisonShape(Shape):
    """What differs from one release to another, as `leadledger releases diff --json` has it, and their texts."""

    old: str
    new: str
    differs: bool
    start: PointsDifferenceShape
    trust: RateDifferenceShape
    base_rate: RateDifferenceShape
    rules: list[RuleDifferenceShape]
    tables: list[TermDifferenceShape]
    pairs: list[TermDifferenceShape]
    combinations: list[TermDifferenceShape]
    lines: list[ThresholdDifferenceShape] = Field(description="The thresholds that differ.")
    grades: list[CutoffDifferenceShape]
    percentiles: list[CutoffDifferenceShape]
    card: list[TextDifferenceShape] = Field(description="The other parts of the card that differ.")
    text: list[TextLineShape] = Field(description="The lines of the cards that differ, with some around them.")


RELEASE_BODIES = (ReleaseDetailsShape, ReleaseComparisonShape)
