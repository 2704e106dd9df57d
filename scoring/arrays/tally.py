"""The tally of a card over a block: all numbers of the scores of its rows, as `meaning.reference.Tally` of one lead.

Sums add up what rests on one field first, so that a rule or a table costs a row nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from leadledger.scoring import tree
from leadledger.scoring.arrays import truth
from leadledger.scoring.arrays.block import Block
from leadledger.scoring.arrays.coded import Coded, Items, add_up, combine, constant, reduce
from leadledger.scoring.arrays.terms import End, TermPoints, TermTable
from leadledger.scoring.each_points import name_earned
from leadledger.scoring.meaning.answers import find_lone_effects
from leadledger.scoring.priced_rule import PricedRule
from leadledger.scoring.rule import Group
from leadledger.scoring.scorecard import Scorecard

_LEAST = constant(np.iinfo(np.int64).min)  # below what any rule earns


@dataclass(frozen=True)
class RulePoints:
    """What a rule earns (tenths; 0 where it is unknown), whether it is unknown, and what it would earn if it fired."""

    points: Coded
    is_unknown: Coded
    worth: Coded


@dataclass(frozen=True)
class BlockTally:
    """The numbers of the scores of a block, in tenths; `ends` are those of the range that were asked for."""

    total: Coded
    ends: Mapping[End, Coded]
    rules: Mapping[str, RulePoints]
    groups: Mapping[str, Coded]
    terms: Sequence[TermPoints]


class CardArrays:
    """The points of a card, made ready for blocks. `ends` says which ends of the range of a total are worked out."""

    def __init__(self, card: Scorecard, ends: Sequence[End]) -> None:
        self.card = card
        self.ends = tuple(ends)
        self._terms = [TermTable(card, term, self.ends) for term in card.learned.terms]

    def tally(self, block: Block) -> BlockTally:
        """All numbers of a block."""
        rules = {priced.rule.name: find_rule_points(priced, block) for priced in self.card.rules}
        rules |= {each.rule.name: find_earned(each.rule.name, block) for each in self.card.each_rules}
        groups = [_Group(group, self.card, rules, block) for group in self.card.groups]
        terms = [table.find_points(block) for table in self._terms]
        total = add_up(
            [
                constant(self.card.learned.start),
                *(rule.points for rule in rules.values()),
                *(group.adjustment for group in groups),
                *(term.points for term in terms),
            ]
        )
        return BlockTally(
            total,
            {end: add_up([total, *self._moves(end, block, rules, groups, terms)]) for end in self.ends},
            rules,
            {group.group.name: group.adjustment for group in groups},
            terms,
        )

    def _moves(
        self,
        end: End,
        block: Block,
        rules: Mapping[str, RulePoints],
        groups: Sequence[_Group],
        terms: Sequence[TermPoints],
    ) -> Iterator[Coded]:
        """What each open question could move the total by toward one end."""
        settled = find_lone_effects(self.card)
        for answer in settled:
            shift = answer.low if end == "low" else answer.high
            yield combine(lambda missing, shift=shift: np.where(missing, shift, 0), block.is_missing(answer.field))
        settled_rules = {name for answer in settled for name in answer.rules}
        for priced in self.card.rules:
            if priced.rule.group or priced.rule.name in settled_rules or not priced.askable:
                continue
            yield find_move(priced, rules[priced.rule.name], end, block)
        for group in groups:
            yield from group.moves(end)
        settled_terms = {name for answer in settled for name in answer.terms}
        for term, found in zip(self.card.learned.terms, terms, strict=True):
            if term.name not in settled_terms:
                yield combine(np.subtract, found.ends[end], found.points)


def find_rule_points(priced: PricedRule, block: Block) -> RulePoints:
    """What a rule earns in a block."""
    fires = block.evaluate(priced.rule.when.tree)
    unsure = combine(np.equal, fires, constant(truth.UNKNOWN))
    if priced.steps is None or priced.rule.half_life is None:
        points = fires.look_up(np.array([0, 0, priced.points]))
        return RulePoints(points, unsure, constant(priced.points))
    days = block.numbers(tree.Days("since", tree.FieldRef(priced.rule.half_life.of, "date")))
    edges, steps = np.array(priced.steps.edges, np.float64), np.array(priced.steps.points)
    worth = combine(lambda days: np.where(np.isnan(days), priced.points, _climb(edges, steps, days)), days)
    undated = combine(np.isnan, days)
    earns = combine(
        lambda fires, worth, undated: np.where((fires == truth.TRUE) & ~undated, worth, 0), fires, worth, undated
    )
    unknown = combine(
        lambda fires, undated: (fires == truth.UNKNOWN) | ((fires == truth.TRUE) & undated), fires, undated
    )
    return RulePoints(earns, unknown, worth)


def find_earned(rule: str, block: Block) -> RulePoints:
    """What a rule for each event has earned in a block, as it was counted."""
    column = block.column(name_earned(rule))
    earned = Coded(column.axis, column.numbers())
    points = combine(lambda earned: np.nan_to_num(earned).astype(np.int64), earned)
    return RulePoints(points, combine(np.isnan, earned), constant(0))


def _climb(edges: Items, steps: Items, days: Items) -> Items:
    """The points of a staircase after so many days."""
    return steps.take(np.searchsorted(edges, days, side="right"))


def is_open(priced: PricedRule, rule: RulePoints, block: Block) -> Coded:
    """Whether a rule is unknown, and a question could settle it."""
    missing = reduce(np.logical_or, map(block.is_missing, priced.askable))
    return combine(np.logical_and, rule.is_unknown, missing)


def find_move(priced: PricedRule, rule: RulePoints, end: End, block: Block) -> Coded:
    """What an open rule could bring toward one end; 0 where it isn't open."""
    if (priced.points < 0) != (end == "low"):
        return constant(0)
    return combine(np.where, is_open(priced, rule, block), rule.worth, constant(0))


class _Group:
    """The rules of a group in a block: what they earn together, and what its limits change of the plain sum."""

    def __init__(self, group: Group, card: Scorecard, rules: Mapping[str, RulePoints], block: Block) -> None:
        self.group, self.rules, self.block = group, rules, block
        self.members = [priced for priced in card.rules if priced.rule.group == group.name]
        names = [priced.rule.name for priced in self.members]
        names += [each.rule.name for each in card.each_rules if each.rule.group == group.name]
        points = [rules[name].points for name in names]
        self.sum = add_up(points)
        self.best = _find_best(points) if group.best_of else self.sum
        self.worth = self._cut(self.best)
        self.adjustment = combine(np.subtract, self.worth, self.sum)

    def moves(self, end: End) -> Iterator[Coded]:
        """What the open rules of the group could move the total by."""
        askable = [(priced, self.rules[priced.rule.name]) for priced in self.members if priced.askable]
        if not askable:
            return
        moved = [find_move(priced, rule, end, self.block) for priced, rule in askable]
        if not self.group.best_of:
            then = add_up([self.sum, *moved])
        elif end == "high":
            opened = [is_open(priced, rule, self.block) for priced, rule in askable]
            best = [combine(np.where, *pair, self.best) for pair in zip(opened, moved, strict=True)]
            then = reduce(np.maximum, [self.best, *best])
        else:
            # Where nothing fired, one open rule alone could still bring the best below zero.
            least = reduce(np.minimum, [constant(0), *moved])
            then = combine(_replace, self.best, constant(0), least)
        yield combine(np.subtract, self._cut(then), self.worth)

    def _cut(self, value: Coded) -> Coded:
        """A value within the limits of the group."""
        if self.group.maximum is not None:
            value = combine(np.minimum, value, constant(self.group.maximum))
        return value if self.group.minimum is None else combine(np.maximum, value, constant(self.group.minimum))


def _find_best(points: Iterable[Coded]) -> Coded:
    """The best of the rules that fire; 0 where none does."""
    best = reduce(np.maximum, [_LEAST, *(combine(_replace, earned, constant(0), _LEAST) for earned in points)])
    return combine(_replace, best, _LEAST, constant(0))


def _replace(items: Items, old: Items, new: Items) -> Items:
    return np.where(items == old, new, items)
