"""What moved between two releases, by how many points.

Everything is compared as it counts for a lead: rules with trust applied, numbers split at the edges of both releases,
texts level by level. What has no points (a condition, a criterion, the kind of a field) is compared as text.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, product
from typing import Any, TypeAlias

from leadledger.scoring.errors import quote
from leadledger.scoring.field import Field
from leadledger.scoring.gate import Threshold
from leadledger.scoring.lookup import (
    MISSING,
    OTHER,
    Bins,
    Branch,
    Combination,
    FlagBins,
    Leaf,
    NumberBins,
    Pair,
    Table,
    Term,
    TextBins,
    list_bins,
    list_leaves,
)
from leadledger.scoring.outputs import TermKind
from leadledger.scoring.result import format_unsigned
from leadledger.scoring.rule import Group, Rule
from leadledger.scoring.scorecard import Scorecard

CELLS = 3  # cells of a pair or a combination that are shown, those that moved most; there are hundreds
MANY = 100_000  # cells of a combination that are compared one by one; of more, the least and the most are


@dataclass(frozen=True)
class Move:
    """The points (tenths) that one thing earns in the old release and in the new; None: it isn't there."""

    name: str
    old: int | None
    new: int | None

    @property
    def moved(self) -> int:
        """By how much (tenths); what isn't there earns 0."""
        return (self.new or 0) - (self.old or 0)

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON, in points."""
        old, new = (None if one is None else one / 10 for one in (self.old, self.new))
        return {"name": self.name, "old": old, "new": new, "moved": self.moved / 10}


@dataclass(frozen=True)
class Cut:
    """The points (tenths) from which something is given, in the old release and in the new; None: it isn't there."""

    name: str
    old: int | None
    new: int | None

    @property
    def moved(self) -> int | None:
        """By how much (tenths); None where one of the two isn't there, for no line is not a line at 0."""
        return None if self.old is None or self.new is None else self.new - self.old

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON, in points."""
        old, new, moved = (None if one is None else one / 10 for one in (self.old, self.new, self.moved))
        return {"name": self.name, "old": old, "new": new, "moved": moved}


@dataclass(frozen=True)
class Edit:
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
    declared: Move
    effective: Move
    edits: tuple[Edit, ...] = ()

    @property
    def by_trust(self) -> bool:
        """Whether the card says the same of it in both releases, and only the trust differs."""
        return self.declared.old == self.declared.new and not self.edits

    def to_dict(self) -> dict[str, Any]:
        """JSON."""
        return {
            "name": self.name,
            "change": _change(self.declared.old, self.declared.new),
            "declared": self.declared.to_dict(),
            "effective": self.effective.to_dict(),
            "edits": [one.to_dict() for one in self.edits],
        }


@dataclass(frozen=True)
class LineChange:
    """A promotion line that moved: the total from which a stage is open, why it is closed, what it promises."""

    name: str
    points: Cut
    edits: tuple[Edit, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON."""
        return {"name": self.name, "points": self.points.to_dict(), "edits": [one.to_dict() for one in self.edits]}


@dataclass(frozen=True)
class TermChange:
    """A learned term that moved. `moves` holds its bins, or cells, that moved, in their own order.

    A combination of too many cells has its `bounds` instead: the least and the most that its trees could add up to.
    `size` is how many bins there are after the split at the edges of both. A term that is added or removed is compared
    with no points at all. A bin named in quotes is a text; `missing` and `other` without them are what they say.
    """

    name: str
    kind: TermKind
    change: str
    moves: tuple[Move, ...]
    size: int
    bounds: tuple[Move, ...] = ()

    @property
    def largest(self) -> tuple[Move, ...]:
        """The moves, the largest first."""
        return tuple(sorted(self.moves, key=lambda one: -abs(one.moved)))

    @property
    def most(self) -> int:
        """The largest move (tenths), without its sign."""
        return max((abs(one.moved) for one in (*self.moves, *self.bounds)), default=0)

    def to_dict(self) -> dict[str, Any]:
        """JSON: all bins of a table that moved, of a pair or a combination the few cells that moved most."""
        moves = self.moves if self.kind == "table" else self.largest[:CELLS]
        return {
            "name": self.name,
            "change": self.change,
            "size": self.size,
            "moved": len(self.moves),
            "most": self.most / 10,
            "bins" if self.kind == "table" else "cells": [one.to_dict() for one in moves],
        } | ({"bounds": [one.to_dict() for one in self.bounds]} if self.kind == "combination" else {})


@dataclass(frozen=True)
class Diff:
    """What differs between two releases. Empty parts didn't change; terms and rules that moved most come first.

    `start` is in tenths, `trust` and `base_rate` are 0..1 (None: unknown), each (old, new). `grades` are the points
    from which a grade is given. `card` holds the other parts of the card: fields, criteria, groups, exclusions, stages.
    """

    old: str
    new: str
    start: Move
    trust: tuple[float, float]
    base_rate: tuple[float | None, float | None]
    rules: tuple[RuleChange, ...]
    terms: tuple[TermChange, ...]
    lines: tuple[LineChange, ...]
    grades: tuple[Cut, ...]
    card: tuple[Edit, ...]

    def __bool__(self) -> bool:
        """Whether anything differs."""
        moved = self.start.moved or self.trust[0] != self.trust[1] or self.base_rate[0] != self.base_rate[1]
        return bool(moved or self.rules or self.terms or self.lines or self.grades or self.card)

    def of(self, kind: TermKind) -> list[TermChange]:
        """The terms of a kind that moved."""
        return [one for one in self.terms if one.kind == kind]

    def to_dict(self) -> dict[str, Any]:
        """JSON, in points."""
        return {
            "old": self.old,
            "new": self.new,
            "differs": bool(self),
            "start": self.start.to_dict(),
            "trust": dict(zip(("old", "new"), self.trust, strict=True)),
            "base_rate": dict(zip(("old", "new"), self.base_rate, strict=True)),
            "rules": [one.to_dict() for one in self.rules],
            "tables": [one.to_dict() for one in self.of("table")],
            "pairs": [one.to_dict() for one in self.of("pair")],
            "combinations": [one.to_dict() for one in self.of("combination")],
            "lines": [one.to_dict() for one in self.lines],
            "grades": [one.to_dict() for one in self.grades],
            "card": [one.to_dict() for one in self.card],
        }


def compare(old: Scorecard, new: Scorecard) -> Diff:
    """What moved from one scorecard to another."""
    return Diff(
        old.release,
        new.release,
        Move("start", old.learned.start, new.learned.start),
        (old.learned.trust, new.learned.trust),
        (old.learned.base_rate, new.learned.base_rate),
        tuple(sorted(_rules(old, new), key=lambda one: -abs(one.effective.moved))),
        tuple(sorted(_terms(old, new), key=lambda one: -one.most)),
        tuple(_lines(old, new)),
        tuple(_cuts(dict(old.card.grades), dict(new.card.grades))),
        tuple(_edits(_parts(old), _parts(new))),
    )


# -- points -----------------------------------------------------------------------------------------------------------


def _cuts(old: Mapping[str, int], new: Mapping[str, int]) -> Iterator[Cut]:
    for name in {**old, **new}:
        if old.get(name) != new.get(name):
            yield Cut(name, old.get(name), new.get(name))


def _edits(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Edit]:
    for name in {**old, **new}:
        if old.get(name) != new.get(name):
            yield Edit(name, old.get(name), new.get(name))


def _change(old: object, new: object) -> str:
    return "added" if old is None else "removed" if new is None else "changed"


def _rules(old: Scorecard, new: Scorecard) -> Iterator[RuleChange]:
    was, now = ({one.rule.name: one for one in card.rules} for card in (old, new))
    for name in was | now:
        before, after = was.get(name), now.get(name)
        declared = Move(name, before.rule.points if before else None, after.rule.points if after else None)
        effective = Move(name, before.points if before else None, after.points if after else None)
        edits = tuple(_edits(_rule_parts(before.rule), _rule_parts(after.rule))) if before and after else ()
        if declared.old != declared.new or effective.old != effective.new or edits:
            yield RuleChange(name, declared, effective, edits)


def _rule_parts(rule: Rule) -> dict[str, str]:
    half_life = f"{rule.half_life.days} days of {rule.half_life.of}" if rule.half_life else "none"
    return {"when": rule.when.text, "half_life": half_life, "group": rule.group or "none", "reason": rule.reason}


def _lines(old: Scorecard, new: Scorecard) -> Iterator[LineChange]:
    was, now = ({one.to: one.threshold for one in card.gates.values() if one is not None} for card in (old, new))
    for name in was | now:
        before, after = was.get(name), now.get(name)
        if before != after:
            cut = Cut(name, before.points if before else None, after.points if after else None)
            yield LineChange(name, cut, tuple(_edits(_line_parts(before), _line_parts(after))))


def _line_parts(line: Threshold | None) -> dict[str, str]:
    found = {"closed": line.closed, "promise": line.promise} if line else {}
    return {key: text for key, text in found.items() if text}


# -- tables -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Piece:
    """A bin of the joint bins of two releases: what falls in it, and the bin of each in which it lies."""

    label: str
    old: int
    new: int


def _terms(old: Scorecard, new: Scorecard) -> Iterator[TermChange]:
    was, now = ({one.name: one for one in card.learned.terms} for card in (old, new))
    for name in was | now:
        before, after = was.get(name), now.get(name)
        if before and after and [type(one) for one in list_bins(before)] != [type(one) for one in list_bins(after)]:
            yield _term(before, before, None)  # the field has another kind now: nothing of the two can be compared
            yield _term(after, None, after)
            continue
        found = _term(after or before, before, after)  # type: ignore[arg-type]  # one of the two is there
        if found.moves or found.bounds or found.change != "changed":
            yield found


def _term(term: Term, old: Term | None, new: Term | None) -> TermChange:
    """The change of a term, of which one side may be missing; `term` is the side that is there."""
    joint = [_joint(one, other) for one, other in zip(list_bins(old or term), list_bins(new or term), strict=True)]
    if isinstance(term, Combination):
        assert not isinstance(old, Table | Pair)  # what has one name asks the same fields, and is of one kind
        assert not isinstance(new, Table | Pair)
        return _combination(term, old, new, joint)
    assert not isinstance(old, Combination)
    assert not isinstance(new, Combination)
    moves = [
        Move(
            ", ".join(piece.label for piece in cell),
            _points(old, [piece.old for piece in cell]),
            _points(new, [piece.new for piece in cell]),
        )
        for cell in product(*joint)
    ]
    if isinstance(term, Table) and isinstance(term.bins, NumberBins):
        moves = _merged(moves, _edges(*list_bins(old or term), *list_bins(new or term)))
    moved = tuple(one for one in moves if one.moved)
    kind: TermKind = "pair" if isinstance(term, Pair) else "table"
    return TermChange(term.name, kind, _change(old, new), moved, len(moves))


def _combination(
    term: Combination, old: Combination | None, new: Combination | None, joint: Sequence[Sequence[_Piece]]
) -> TermChange:
    size = math.prod(map(len, joint))
    change = _change(old, new)
    if size > MANY:
        same = old and new and old.bins == new.bins and [*map(_bare, old.trees)] == [*map(_bare, new.trees)]
        bounds = () if same else tuple(_bounds(old, new))
        return TermChange(term.name, "combination", change, (), size, bounds)
    sides = tuple(None if one is None else one.trees for one in (old, new))
    moves = tuple(one for one in _cells(sides, term.fields, joint) if one.moved)
    return TermChange(term.name, "combination", change, moves, size)


_Nodes: TypeAlias = tuple[Branch | Leaf, ...] | None  # the trees of a release, as far as they are not decided yet


def _cells(
    sides: tuple[_Nodes, ...], fields: Sequence[str], joint: Sequence[Sequence[_Piece]], labels: tuple[str, ...] = ()
) -> Iterator[Move]:
    """Every cell of the joint bins, with what the trees of each release add up to there.

    One field is settled at a time, so that what the cells of a row have in common is worked out once.
    """
    if not fields:
        yield Move(", ".join(labels), *(None if one is None else sum(map(_only, one)) for one in sides))
        return
    for piece in joint[0]:
        settled = tuple(
            None if side is None else tuple(_settled(node, fields[0], at) for node in side)
            for side, at in zip(sides, (piece.old, piece.new), strict=True)
        )
        yield from _cells(settled, fields[1:], joint[1:], (*labels, piece.label))


def _settled(node: Branch | Leaf, field: str, at: int) -> Branch | Leaf:
    """A tree of which every choice of a field is made."""
    if isinstance(node, Leaf):
        return node
    if node.field == field:
        return _settled(node.then if at in node.bins else node.otherwise, field, at)
    then, otherwise = _settled(node.then, field, at), _settled(node.otherwise, field, at)
    return node if then is node.then and otherwise is node.otherwise else Branch(node.field, node.bins, then, otherwise)


def _only(node: Branch | Leaf) -> int:
    return sum(leaf.points for leaf in list_leaves(node))


def _bare(node: Branch | Leaf) -> Branch | Leaf:
    """A tree without the counts of leads."""
    if isinstance(node, Leaf):
        return Leaf(node.points, 0)
    return Branch(node.field, node.bins, _bare(node.then), _bare(node.otherwise))


def _bounds(old: Combination | None, new: Combination | None) -> Iterator[Move]:
    for name, end in (("the least that it can give", min), ("the most that it can give", max)):
        ends = [
            None if one is None else sum(end(leaf.points for leaf in list_leaves(tree)) for tree in one.trees)
            for one in (old, new)
        ]
        yield Move(name, *ends)


def _points(term: Table | Pair | None, at: Sequence[int]) -> int | None:
    if term is None:
        return None
    return term.points[at[0]][at[1]] if isinstance(term, Pair) else term.points[at[0]]


def _joint(old: Bins, new: Bins) -> list[_Piece]:
    """The bins of two releases, of the same kind, split where either splits."""
    missing = _Piece(MISSING, 0, 0)
    match old, new:
        case NumberBins(), NumberBins():
            edges = _edges(old, new)
            labels = NumberBins(edges).labels[1:]
            starts = zip(labels, (-math.inf, *edges), strict=True)
            return [missing, *(_Piece(label, old.find(start), new.find(start)) for label, start in starts)]
        case TextBins(), TextBins():
            levels = dict.fromkeys((*old.levels, *new.levels))
            pieces = [_Piece(quote(level), old.find(level), new.find(level)) for level in levels]
            return [missing, *pieces, _Piece(OTHER, len(old) - 1, len(new) - 1)]
        case _:
            return [_Piece(label, at, at) for at, label in enumerate(FlagBins().labels)]


def _edges(*bins: Bins) -> tuple[float, ...]:
    return tuple(sorted({edge for one in bins if isinstance(one, NumberBins) for edge in one.edges}))


def _merged(moves: list[Move], edges: tuple[float, ...]) -> list[Move]:
    """The moves of the bins of a number, without the edges at which neither release changes its points."""
    runs = [next(run) for _, run in groupby(moves[1:], key=lambda one: (one.old, one.new))]
    kept = [
        edge
        for edge, (one, other) in zip(edges, pairwise(moves[1:]), strict=True)
        if (one.old, one.new) != (other.old, other.new)
    ]
    labels = NumberBins(tuple(kept)).labels[1:]
    return [moves[0], *(Move(label, one.old, one.new) for label, one in zip(labels, runs, strict=True))]


# -- the rest of the card ---------------------------------------------------------------------------------------------


def _parts(scorecard: Scorecard) -> dict[str, str]:
    """What else in a card decides, by name, as texts."""
    card = scorecard.card
    found = {"name of the card": card.name, "texts for missing": ", ".join(map(quote, card.missing)) or "none"}
    found |= {f"field {one.name}": _field(one) for one in card.fields.values()}
    found |= {
        f"criterion {one.name}": one.met.text + ("" if one.essential else ", a sign only") for one in card.criteria
    }
    found |= {f"group {one.name}": _group(one) for one in scorecard.groups}
    found |= {f"exclusion {one.name}": one.when.text for one in card.exclude}
    found |= {f"stage {one.name}": f"requires {', '.join(one.requires) or 'nothing'}" for one in card.stages}
    found |= {
        f"written back to {system}": ", ".join(f"{output} as {name}" for output, name in names.items())
        for system, names in card.write_back.items()
    }
    found |= {"standard names of CRMs": "read" if card.standard_names else "not read"}
    return found | {"order of the stages": ", ".join(one.name for one in card.stages), "lowest grade": card.below}


def _field(field: Field) -> str:
    if field.derived_text:
        return f"{field.kind}, is {field.derived_text}"
    parts = {
        "one of": ", ".join(map(quote, field.values)),
        "from": ", ".join(map(quote, field.written_columns[1:])),
        "missing if": ", ".join(map(quote, field.missing)),
    }
    return "; ".join([field.kind, *(f"{key} {text}" for key, text in parts.items() if text)])


def _group(group: Group) -> str:
    parts = ["only the best rule counts"] if group.best_of else []
    parts += [] if group.maximum is None else [f"at most {format_unsigned(group.maximum)}"]
    parts += [] if group.minimum is None else [f"at least {format_unsigned(group.minimum)}"]
    return ", ".join(parts) or "no limit"
