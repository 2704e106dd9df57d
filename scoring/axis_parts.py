"""The part of a scorecard that belongs to an axis: its entries, and how much of what they can earn may be unknown.

A rule belongs to its axis, the limit of a group to that of its rules, a learned term to that of its fields. The start
belongs to neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from leadledger.scoring.axis import AXES, UNKNOWN_GRADE, Axis, AxisName, merge_axes
from leadledger.scoring.each_points import PricedEachRule
from leadledger.scoring.errors import DataError
from leadledger.scoring.lookup import Combination, Table, Term, list_leaves
from leadledger.scoring.rule import Group
from leadledger.scoring.scorecard import Card, Scorecard


@dataclass(frozen=True)
class Stake:
    """Rules, of which each is unknown or not, and what they can earn together, or cost (`worth`, tenths).

    These are the rules of a group, or one by itself. Those that are unknown count with their own worth, and with no
    more than `worth` together.
    """

    worth: int
    rules: tuple[tuple[str, int], ...]
    each_rules: tuple[tuple[str, int], ...]

    @property
    def may_exceed(self) -> bool:
        """Whether its rules can earn more by themselves than together."""
        return sum(worth for _, worth in (*self.rules, *self.each_rules)) > self.worth


@dataclass(frozen=True)
class AxisPart:
    """The entries of a scorecard on an axis: names of rules and groups, positions in the learned terms.

    `stakes` and `worths` say how far they can move the total (tenths): rules together, and each term, by its position,
    which is unknown where one of its fields is missing. `worth` is the sum. Where more than `most_unknown` (tenths) of
    it is unknown, the axis has no grade; -1 where nothing can be earned. `alone` scores the axis by itself, from 0.
    """

    name: AxisName
    axis: Axis
    rules: tuple[str, ...]
    each_rules: tuple[str, ...]
    groups: tuple[str, ...]
    terms: tuple[int, ...]
    stakes: tuple[Stake, ...]
    worths: tuple[tuple[int, int], ...]
    worth: int
    most_unknown: int
    alone: Scorecard

    def grade(self, tenths: int, unknown: int) -> str:
        """The grade of so many points, while so many are unknown (tenths)."""
        return self.axis.grade(tenths) if unknown <= self.most_unknown else UNKNOWN_GRADE


def find_axis_parts(card: Scorecard) -> Mapping[AxisName, AxisPart]:
    """The parts of a scorecard by axis; none of a card without axes. Worked out once, and kept with the scorecard.

    Raises DataError where a learned term spans both.
    """
    parts: Mapping[AxisName, AxisPart] | None = card.__dict__.get("axis_parts")
    if parts is None:
        parts = {axis: _find_part(card, axis) for axis in AXES if axis in card.card.axes}
        card.__dict__["axis_parts"] = parts
    return parts


def is_of_one_axis(card: Card, term: Term) -> bool:
    """Whether a learned term belongs to an axis: its fields are all of one."""
    return _find_shared_axis(card, term) is not None


def _find_shared_axis(card: Card, term: Term) -> AxisName | None:
    """The axis of the fields of a term; None where they are of two.

    The field of segments says whose table it is, and not what the table is about: it counts only where it stands alone.
    """
    fields = tuple(name for name in term.fields if name != card.segment) or term.fields
    return merge_axes(card.fields[name].axis for name in fields)


def find_term_axis(card: Card, term: Term) -> AxisName:
    """The axis of a learned term. Raises DataError where its fields are of two."""
    axis = _find_shared_axis(card, term)
    if axis is None:
        raise DataError(
            f"the learned term '{term.name}' spans both axes, so its points belong to neither; train the card again"
        )
    return axis


def _find_part(card: Scorecard, name: AxisName) -> AxisPart:
    axis = card.card.axes[name]
    terms = tuple(i for i, term in enumerate(card.learned.terms) if find_term_axis(card.card, term) == name)
    alone = _restrict(card, name, terms)
    stakes = [
        Stake(worth, ((rule.rule.name, worth),), ())
        for rule in alone.rules
        if not rule.rule.group and (worth := abs(rule.points))
    ]
    stakes += [
        Stake(worth, (), ((each.rule.name, worth),))
        for each in alone.each_rules
        if not each.rule.group and (worth := _day_worth(each))
    ]
    stakes += [stake for group in alone.groups if (stake := _find_group_stake(group, alone)).worth]
    worths = tuple((i, worth) for i in terms if (worth := _find_worth(card.learned.terms[i])))
    worth = sum(stake.worth for stake in stakes) + sum(of_term for _, of_term in worths)
    return AxisPart(
        name,
        axis,
        tuple(rule.rule.name for rule in alone.rules),
        tuple(each.rule.name for each in alone.each_rules),
        tuple(group.name for group in alone.groups),
        terms,
        tuple(stakes),
        worths,
        worth,
        worth * round(axis.unknown * 1000) // 1000 if worth else -1,
        alone,
    )


def _restrict(card: Scorecard, axis: AxisName, terms: Sequence[int]) -> Scorecard:
    """The scorecard with the entries of an axis alone, and a start of 0: its total is the points on the axis."""
    written = card.card
    alone = replace(
        written,
        rules=tuple(rule for rule in written.rules if (rule.axis or "fit") == axis),
        each_rules=tuple(rule for rule in written.each_rules if (rule.axis or "engagement") == axis),
        groups=tuple(group for group in written.groups if (group.axis or "fit") == axis),
        stages=tuple(replace(stage, demands=()) for stage in written.stages),
        axes={},
    )
    learned = replace(card.learned, start=0, terms=tuple(card.learned.terms[i] for i in terms), steps={})
    return Scorecard(alone, learned, card.release)


def _find_group_stake(group: Group, card: Scorecard) -> Stake:
    """The rules of a group, and how far they can move the total together: no further than its limits."""
    rules = [rule for rule in card.rules if rule.rule.group == group.name]
    each_rules = [each for each in card.each_rules if each.rule.group == group.name]
    points = [rule.points for rule in rules]
    points += [_day_worth(each) if each.points > 0 else -_day_worth(each) for each in each_rules]
    gains, losses = [most for most in points if most > 0], [most for most in points if most < 0]
    if group.best_of:
        gains, losses = [max(gains, default=0)], [min(losses, default=0)]
    most, least = sum(gains), sum(losses)
    most = most if group.maximum is None else min(most, group.maximum)
    least = least if group.minimum is None else max(least, group.minimum)
    return Stake(
        most - least,
        tuple((rule.rule.name, abs(rule.points)) for rule in rules if rule.points),
        tuple((each.rule.name, _day_worth(each)) for each in each_rules if each.points),
    )


def _day_worth(each: PricedEachRule) -> int:
    """What the events of one day can earn by a rule, where it limits that; else what one event earns (tenths)."""
    return abs(each.points) if each.most is None else abs(each.earn(each.most + 1, 0))


def _find_worth(term: Term) -> int:
    """How far the points of a learned term can lie apart (tenths)."""
    if isinstance(term, Combination):
        spans = [[leaf.points for leaf in list_leaves(tree)] for tree in term.trees]
        return sum(max(span) - min(span) for span in spans)
    cells = term.points if isinstance(term, Table) else [cell for line in term.points for cell in line]
    return max(cells) - min(cells)
