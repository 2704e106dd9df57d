"""Records of what changed between two releases: points, cut-offs, texts, rules, thresholds and learned terms.

Points are whole tenths; `to_dict` of each record gives points with one decimal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from leadledger.scoring.outputs import TermKind

CELLS_SHOWN = 3  # cells of a pair or a combination that are shown, those that moved most; there are hundreds


def change_kind(old: object, new: object) -> str:
    """`added`, `removed` or `changed`, by which of the two is None."""
    return "added" if old is None else "removed" if new is None else "changed"


@dataclass(frozen=True)
class PointsChange:
    """The points (tenths) that something earns in the old release and in the new; None: it isn't there."""

    name: str
    old: int | None
    new: int | None

    @property
    def moved(self) -> int:
        """By how much (tenths); what isn't there earns 0."""
        return (self.new or 0) - (self.old or 0)

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON, in points."""
        old, new = (None if tenths is None else tenths / 10 for tenths in (self.old, self.new))
        return {"name": self.name, "old": old, "new": new, "moved": self.moved / 10}


@dataclass(frozen=True)
class CutoffChange:
    """The points (tenths) from which something is given, in the old release and in the new; None: it isn't there."""

    name: str
    old: int | None
    new: int | None

    @property
    def moved(self) -> int | None:
        """By how much (tenths); None where one of the two isn't there, for no cut-off is not a cut-off at 0."""
        return None if self.old is None or self.new is None else self.new - self.old

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON, in points."""
        values = (self.old, self.new, self.moved)
        old, new, moved = (None if tenths is None else tenths / 10 for tenths in values)
        return {"name": self.name, "old": old, "new": new, "moved": moved}


@dataclass(frozen=True)
class TextChange:
    """What has no points of its own, as text, in the old release and in the new; None: it isn't there."""

    name: str
    old: str | None
    new: str | None

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {"name": self.name, "old": self.old, "new": self.new}


@dataclass(frozen=True)
class RuleChange:
    """A rule that was added, removed or changed: its points as declared, with trust applied, and its other parts."""

    name: str
    declared: PointsChange
    effective: PointsChange
    edits: tuple[TextChange, ...] = ()

    @property
    def by_trust(self) -> bool:
        """Whether the card says the same of it in both releases, and only the trust differs."""
        return self.declared.old == self.declared.new and not self.edits

    def to_dict(self) -> dict[str, Any]:
        """JSON."""
        return {
            "name": self.name,
            "change": change_kind(self.declared.old, self.declared.new),
            "declared": self.declared.to_dict(),
            "effective": self.effective.to_dict(),
            "edits": [edit.to_dict() for edit in self.edits],
        }


@dataclass(frozen=True)
class ThresholdChange:
    """A threshold that changed: the total from which a stage is open, why it is closed, what it promises."""

    name: str
    points: CutoffChange
    edits: tuple[TextChange, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON."""
        return {"name": self.name, "points": self.points.to_dict(), "edits": [edit.to_dict() for edit in self.edits]}


@dataclass(frozen=True)
class TermChange:
    """A learned term that changed. `moves` holds its bins, or cells, that changed, in their own order.

    A combination of too many cells has `bounds` instead: the least and the most points that its trees could add up to.
    `size` counts the bins after the split at the edges of both releases. A term that is added or removed is compared
    with no points at all. The name of a level is in quotes; `missing` and `other` without quotes are those bins.
    """

    name: str
    kind: TermKind
    change: str
    moves: tuple[PointsChange, ...]
    size: int
    bounds: tuple[PointsChange, ...] = ()

    @property
    def largest(self) -> tuple[PointsChange, ...]:
        """The changes, the largest first."""
        return tuple(sorted(self.moves, key=lambda move: -abs(move.moved)))

    @property
    def most(self) -> int:
        """The largest change (tenths), without its sign."""
        return max((abs(move.moved) for move in (*self.moves, *self.bounds)), default=0)

    def to_dict(self) -> dict[str, Any]:
        """JSON: all bins of a table that changed, of a pair or a combination the few cells that changed most."""
        moves = self.moves if self.kind == "table" else self.largest[:CELLS_SHOWN]
        return {
            "name": self.name,
            "change": self.change,
            "size": self.size,
            "moved": len(self.moves),
            "most": self.most / 10,
            "bins" if self.kind == "table" else "cells": [move.to_dict() for move in moves],
        } | ({"bounds": [bound.to_dict() for bound in self.bounds]} if self.kind == "combination" else {})


@dataclass(frozen=True)
class Diff:
    """What differs between two releases. Empty parts didn't change; terms and rules that changed most come first.

    `start` is in tenths, `trust` and `base_rate` are 0..1 (None: unknown), each (old, new). `grades` are the points
    from which a grade is given, `percentiles` those from which a lead is better than some shares of others. `card`
    holds the other parts of the card: fields, criteria, groups, exclusions, stages.
    """

    old: str
    new: str
    start: PointsChange
    trust: tuple[float, float]
    base_rate: tuple[float | None, float | None]
    rules: tuple[RuleChange, ...]
    terms: tuple[TermChange, ...]
    thresholds: tuple[ThresholdChange, ...]
    grades: tuple[CutoffChange, ...]
    percentiles: tuple[CutoffChange, ...]
    card: tuple[TextChange, ...]

    def __bool__(self) -> bool:
        """Whether anything differs."""
        moved = self.start.moved or self.trust[0] != self.trust[1] or self.base_rate[0] != self.base_rate[1]
        parts = (self.rules, self.terms, self.thresholds, self.grades, self.percentiles, self.card)
        return bool(moved or any(parts))

    def of(self, kind: TermKind) -> list[TermChange]:
        """The terms of a kind that changed."""
        return [term for term in self.terms if term.kind == kind]

    def to_dict(self) -> dict[str, Any]:
        """JSON, in points."""
        return {
            "old": self.old,
            "new": self.new,
            "differs": bool(self),
            "start": self.start.to_dict(),
            "trust": dict(zip(("old", "new"), self.trust, strict=True)),
            "base_rate": dict(zip(("old", "new"), self.base_rate, strict=True)),
            "rules": [rule.to_dict() for rule in self.rules],
            "tables": [term.to_dict() for term in self.of("table")],
            "pairs": [term.to_dict() for term in self.of("pair")],
            "combinations": [term.to_dict() for term in self.of("combination")],
            "lines": [threshold.to_dict() for threshold in self.thresholds],
            "grades": [grade.to_dict() for grade in self.grades],
            "percentiles": [place.to_dict() for place in self.percentiles],
            "card": [edit.to_dict() for edit in self.card],
        }
