"""The tree walk: what a card means, in the plainest code. Printers are held to it, number by number.

Rules, groups and tables in one place, without a thought for speed. To score in earnest, use what `printers/python.py`
prints.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from leadledger.scoring.axis import AxisName
from leadledger.scoring.axis_parts import find_axis_parts
from leadledger.scoring.each_points import name_earned
from leadledger.scoring.lookup import Combination, Table, Term, find_branch_fields, find_leaf, list_leaves
from leadledger.scoring.meaning.answers import find_lone_effects
from leadledger.scoring.meaning.logic import Values, derive, evaluate_condition
from leadledger.scoring.priced_rule import PricedRule
from leadledger.scoring.rule import Group
from leadledger.scoring.scorecard import Scorecard


@dataclass(frozen=True)
class Tally:
    """All numbers of one score, in tenths, in the order of the card.

    `total` is the start plus all of `rules` (None, unknown, counts as 0), `groups` and `terms`, and what rules for each
    event earn, which is counted beforehand. `low` and `high` are
    the least and the most that answers to the card's questions could make of it. `bins` says where each term was
    looked up (a pair: row times columns plus column; a combination: `Combination.number_cell`). `criteria` (with
    the grades that stages ask of axes, as in `Scorecard.required`) and `excluded` are three-valued.
    """

    total: int
    low: int
    high: int
    rules: tuple[int | None, ...]
    groups: tuple[int, ...]
    terms: tuple[int, ...]
    bins: tuple[int, ...]
    criteria: tuple[bool | None, ...]
    excluded: tuple[bool | None, ...]


def tally(card: Scorecard, plain: Values, as_of: date) -> Tally:
    """Score one lead. `plain` holds a typed value (None: missing) for each plain field of the card."""
    values = derive(card.card, plain, as_of)
    rules = tuple(compute_rule_points(priced, values, as_of) for priced in card.rules)
    earned: dict[str, int] = {each.rule.name: plain[name_earned(each.rule.name)] or 0 for each in card.each_rules}  # type: ignore[misc]  # tenths
    total = low = high = card.learned.start
    group_entries = []
    for group in card.groups:
        members = [i for i, priced in enumerate(card.rules) if priced.rule.group == group.name]
        known = [rules[i] or 0 for i in members]
        known += [earned[each.rule.name] for each in card.each_rules if each.rule.group == group.name]
        spans = [
            find_range(card.rules[i], values, as_of)
            for i in members
            if rules[i] is None and is_open(card.rules[i], values)
        ]
        worth = sum_group(group, known)
        worst, best = find_group_range(group, known, spans)
        group_entries.append(worth - sum(known))
        total, low, high = total + worth, low + worst, high + best
    settled = {name for effect in find_lone_effects(card) for name in effect.rules}
    for priced, points in zip(card.rules, rules, strict=True):
        if priced.rule.group:
            continue
        unsure = points is None and priced.rule.name not in settled and is_open(priced, values)
        worst, best = find_range(priced, values, as_of) if unsure else (points or 0, points or 0)
        total, low, high = total + (points or 0), low + worst, high + best
    for each in card.each_rules:
        if not each.rule.group:
            points = earned[each.rule.name]
            total, low, high = total + points, low + points, high + points
    terms, bins = [], []
    for term in card.learned.terms:
        points, at, worst, best = look_up(term, values, card)
        terms.append(points)
        bins.append(at)
        if any(term.name in effect.terms for effect in find_lone_effects(card)):
            worst = best = points
        total, low, high = total + points, low + worst, high + best
    for answer in find_lone_effects(card):
        if values[answer.field] is None:
            low, high = low + answer.low, high + answer.high
    return Tally(
        total,
        low,
        high,
        rules,
        tuple(group_entries),
        tuple(terms),
        tuple(bins),
        (
            *(evaluate_condition(criterion.met.tree, values, as_of) for criterion in card.card.criteria),
            *_judge_demands(card, plain, as_of),
        ),
        tuple(evaluate_condition(exclusion.when.tree, values, as_of) for exclusion in card.card.exclude),
    )


@dataclass(frozen=True)
class AxisTally:
    """The points on an axis, what answers could make of them, and how much of what it can earn is unknown (tenths)."""

    points: int
    low: int
    high: int
    unknown: int


def tally_axis(card: Scorecard, axis: AxisName, plain: Values, as_of: date) -> AxisTally:
    """Score one lead on an axis of the card; `plain` as in `tally`."""
    part = find_axis_parts(card)[axis]
    alone, values = tally(part.alone, plain, as_of), derive(card.card, plain, as_of)
    named = dict(zip(part.rules, alone.rules, strict=True))
    named |= {name: plain[name_earned(name)] for name in part.each_rules}  # type: ignore[misc]  # tenths, or None
    unknown = 0
    for stake in part.stakes:
        own = sum(worth for name, worth in (*stake.rules, *stake.each_rules) if named[name] is None)
        unknown += min(stake.worth, own)
    for i, worth in part.worths:
        if any(values[name] is None for name in card.learned.terms[i].fields):
            unknown += worth
    return AxisTally(alone.total, alone.low, alone.high, unknown)


def _judge_demands(card: Scorecard, plain: Values, as_of: date) -> Iterator[bool | None]:
    """Whether the lead has each grade that a stage asks of an axis; None: answers could still bring it."""
    for demand in card.demands:
        axis = tally_axis(card, demand.axis, plain, as_of)
        is_known = axis.unknown <= find_axis_parts(card)[demand.axis].most_unknown
        yield demand.judge(axis.points, is_known, axis.low, axis.high)


def compute_earned(priced: PricedRule, values: Values, as_of: date) -> int | None:
    """What a rule earns where it fires; None where it decays from an unknown day."""
    if priced.steps is None or priced.rule.half_life is None:
        return priced.points
    day = values[priced.rule.half_life.of]
    return priced.steps.at((as_of - day).days) if isinstance(day, date) else None


def compute_rule_points(priced: PricedRule, values: Values, as_of: date) -> int | None:
    """The points of a rule: 0 where its condition is false, None where it, or what it would earn, is unknown."""
    fires = evaluate_condition(priced.rule.when.tree, values, as_of)
    return 0 if fires is False else None if fires is None else compute_earned(priced, values, as_of)


def is_open(priced: PricedRule, values: Values) -> bool:
    """Whether an answer to a question could still settle an unknown rule."""
    return any(values[name] is None for name in priced.askable)


def find_range(priced: PricedRule, values: Values, as_of: date) -> tuple[int, int]:
    """The least and the most that an open rule could bring once its questions are answered."""
    most = compute_earned(priced, values, as_of)
    most = priced.points if most is None else most
    return min(most, 0), max(most, 0)


def sum_group(group: Group, points: list[int]) -> int:
    """What the rules of a group are worth together."""
    return _cut(group, max((earned for earned in points if earned), default=0) if group.best_of else sum(points))


def find_group_range(group: Group, known: list[int], spans: list[tuple[int, int]]) -> tuple[int, int]:
    """The least and the most that a group could be worth."""
    if not group.best_of:
        low, high = (sum(known) + sum(span[end] for span in spans) for end in (0, 1))
        return _cut(group, low), _cut(group, high)
    fired = [earned for earned in known if earned]
    low = max(fired) if fired else min([0, *(span[0] for span in spans)])
    high = max([max(fired) if fired else 0, *(span[1] for span in spans)])
    return _cut(group, low), _cut(group, high)


def _cut(group: Group, points: int) -> int:
    if group.maximum is not None:
        points = min(points, group.maximum)
    return points if group.minimum is None else max(points, group.minimum)


def look_up(term: Term, values: Values, card: Scorecard) -> tuple[int, int, int, int]:
    """The points of a learned term, the bin, and the least and the most that an answer could make of it."""

    def free(name: str, at: int) -> bool:
        return at == 0 and any(values[root] is None for root in card.find_askable((name,)))

    if isinstance(term, Table):
        at = term.bins.find(values[term.field])  # type: ignore[arg-type]  # the bins are of the field's kind
        cells = term.points if free(term.field, at) else (term.points[at],)
        return term.points[at], at, min(cells), max(cells)
    if isinstance(term, Combination):
        place = {name: bins.find(values[name]) for bins, name in zip(term.bins, term.fields, strict=True)}  # type: ignore[arg-type]
        points = worst = best = 0
        for tree in term.trees:
            leaf = find_leaf(tree, place)
            # A tree that asks what an answer may still bring could come to any of its leaves.
            ends = list_leaves(tree) if any(free(name, place[name]) for name in find_branch_fields(tree)) else (leaf,)
            possible = [leaf.points for leaf in ends]
            points, worst, best = points + leaf.points, worst + min(possible), best + max(possible)
        return points, term.number_cell(tuple(place.values())), worst, best
    row, column = (bins.find(values[name]) for bins, name in zip(term.bins, term.fields, strict=True))  # type: ignore[arg-type]
    rows = term.points if free(term.fields[0], row) else (term.points[row],)
    whole_row = free(term.fields[1], column)
    cells = tuple(cell for line in rows for cell in (line if whole_row else (line[column],)))
    return term.points[row][column], row * len(term.bins[1]) + column, min(cells), max(cells)
