"""Axes as Python source: the points of each, and what is unknown of what it can earn, from the parts of a tally."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from leadledger.scoring.axis_parts import AxisPart, Stake
from leadledger.scoring.each_points import name_earned
from leadledger.scoring.lookup import Combination, Table, Term
from leadledger.scoring.printers.python.writer import WIDTH, wrap_items
from leadledger.scoring.scorecard import Scorecard

AxesFunction: TypeAlias = Callable[..., tuple[int, ...]]


def print_axes(card: Scorecard, parts: Sequence[AxisPart]) -> str:
    """The source of `add_axes(rules, groups, terms, bins, values)`: of what a tally returns, and what it was given.

    For each axis it returns its points and what is unknown, in tenths.
    """
    lines = ["def add_axes(rules, groups, terms, bins, values):"]
    for part in parts:
        for name, summands in (
            (part.name, _list_points(card, part)),
            (f"{part.name}_unknown", _list_unknown(card, part)),
        ):
            lines += wrap_items(f"    {name} = sum((", [*summands, "0"], ",))", WIDTH)
    names = ", ".join(f"{part.name}, {part.name}_unknown" for part in parts)
    return "\n".join([*lines, f"    return {names}", ""])


def compile_axes(card: Scorecard, parts: Sequence[AxisPart]) -> AxesFunction:
    """The printed function, ready to call."""
    space: dict[str, Any] = {}
    exec(compile(print_axes(card, parts), f"<axes {card.card.name!r}>", "exec"), space)
    function: AxesFunction = space["add_axes"]
    return function


def _list_points(card: Scorecard, part: AxisPart) -> Iterator[str]:
    """The entries of an axis."""
    rules, groups = _list_positions(card)
    yield from (f"rules[{rules[name]}] or 0" for name in part.rules)
    yield from (f"values[{name_earned(name)!r}] or 0" for name in part.each_rules)
    yield from (f"groups[{groups[name]}]" for name in part.groups)
    yield from (f"terms[{i}]" for i in part.terms)


def _list_unknown(card: Scorecard, part: AxisPart) -> Iterator[str]:
    """What each rule, group and term leaves unknown."""
    rules, _ = _list_positions(card)
    for stake in part.stakes:
        unknown = list(_list_unknown_rules(stake, rules))
        yield (
            f"min({stake.worth}, {' + '.join(f'({item})' for item in unknown)})"
            if stake.may_exceed
            else ", ".join(unknown)
        )
    yield from (f"{worth} if {_print_missing(card.learned.terms[i], i)} else 0" for i, worth in part.worths)


def _list_unknown_rules(stake: Stake, rules: dict[str, int]) -> Iterator[str]:
    yield from (f"{worth} if rules[{rules[name]}] is None else 0" for name, worth in stake.rules)
    yield from (f"{worth} if values[{name_earned(name)!r}] is None else 0" for name, worth in stake.each_rules)


def _list_positions(card: Scorecard) -> tuple[dict[str, int], dict[str, int]]:
    """The positions of rules and of groups in a tally."""
    rules = {priced.rule.name: i for i, priced in enumerate(card.rules)}
    return rules, {group.name: i for i, group in enumerate(card.groups)}


def _print_missing(term: Term, at: int) -> str:
    """Whether a field of a term is missing, told by the place where the term was looked up."""
    place = f"bins[{at}]"
    if isinstance(term, Table):
        return f"{place} == 0"
    if not isinstance(term, Combination):
        width = len(term.bins[1])
        return f"{place} < {width} or {place} % {width} == 0"
    checks, divisor = [], 1
    for bins in reversed(term.bins):
        checks.append(f"{place} // {divisor} % {len(bins)} == 0")
        divisor *= len(bins)
    return " or ".join(checks)
