"""What a lead has on each axis: its points and its grade, and whether it has the grades that stages ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from leadledger.scoring.axis_parts import AxisPart, find_axis_parts
from leadledger.scoring.each_points import name_earned
from leadledger.scoring.lookup import Combination, Table, Term
from leadledger.scoring.printers.python.module import TallyFunction, compile_card
from leadledger.scoring.result import AxisScore
from leadledger.scoring.scorecard import Scorecard


class AxesEngine:
    """The axes of a scorecard made ready."""

    def __init__(self, card: Scorecard) -> None:
        self._parts = [_Positions.of(card, part) for part in find_axis_parts(card).values()]
        self._demands = card.demands
        # The range of an axis is only worked out where a stage asks for its grade.
        self._alone = {
            positions.part.name: compile_card(positions.part.alone)
            for positions in self._parts
            if any(demand.axis == positions.part.name for demand in self._demands)
        }

    def score(
        self,
        rules: Sequence[int | None],
        groups: Sequence[int],
        terms: Sequence[int],
        bins: Sequence[int],
        values: Mapping[str, Any],
    ) -> tuple[AxisScore, ...]:
        """The axes of a tally, in their order. `values` hold what rules for each event earn, by `name_earned`."""
        return tuple(positions.score(rules, groups, terms, bins, values) for positions in self._parts)

    def add_demands(self, tally: TallyFunction) -> TallyFunction:
        """A tally whose criteria are those of `Scorecard.required`, the grades that stages ask for the last."""
        if not self._demands:
            return tally

        def tally_with_demands(values: Mapping[str, Any], as_of: date) -> tuple[Any, ...]:
            *numbers, rules, groups, terms, bins, criteria, excluded = tally(values, as_of)
            states = self._judge(self.score(rules, groups, terms, bins, values), values, as_of)
            return (*numbers, rules, groups, terms, bins, (*criteria, *states), excluded)

        return tally_with_demands

    def _judge(self, axes: Sequence[AxisScore], values: Mapping[str, Any], as_of: date) -> list[bool | None]:
        """Whether each grade that stages ask for is there; None: answers could still bring it."""
        ranges = {name: tally(values, as_of)[1:3] for name, tally in self._alone.items()}
        by_name = {axis.axis: axis for axis in axes}
        parts = {positions.part.name: positions.part for positions in self._parts}
        return [
            demand.judge(
                by_name[demand.axis].tenths,
                by_name[demand.axis].unknown <= parts[demand.axis].most_unknown,
                *ranges[demand.axis],
            )
            for demand in self._demands
        ]


@dataclass(frozen=True)
class _Positions:
    """An axis, with the places of its entries in a tally: of rules and groups, and of terms with how a missing field
    shows in the place where they were looked up.
    """

    part: AxisPart
    rules: tuple[int, ...]
    earned: tuple[str, ...]
    groups: tuple[int, ...]
    stakes: tuple[tuple[int, tuple[tuple[int, int], ...], tuple[tuple[str, int], ...]], ...]
    terms: tuple[tuple[int, int, Callable[[int], bool]], ...]

    @classmethod
    def of(cls, card: Scorecard, part: AxisPart) -> _Positions:
        """The places in the tally of a scorecard."""
        rules = {priced.rule.name: i for i, priced in enumerate(card.rules)}
        groups = {group.name: i for i, group in enumerate(card.groups)}
        return cls(
            part,
            tuple(rules[name] for name in part.rules),
            tuple(map(name_earned, part.each_rules)),
            tuple(groups[name] for name in part.groups),
            tuple(
                (
                    stake.worth,
                    tuple((rules[name], worth) for name, worth in stake.rules),
                    tuple((name_earned(name), worth) for name, worth in stake.each_rules),
                )
                for stake in part.stakes
            ),
            tuple((i, worth, _make_check(card.learned.terms[i])) for i, worth in part.worths),
        )

    def score(
        self,
        rules: Sequence[int | None],
        groups: Sequence[int],
        terms: Sequence[int],
        bins: Sequence[int],
        values: Mapping[str, Any],
    ) -> AxisScore:
        """The points and the grade on the axis."""
        part = self.part
        tenths = sum([rules[i] or 0 for i in self.rules]) + sum([values[name] or 0 for name in self.earned])
        tenths += sum([groups[i] for i in self.groups]) + sum([terms[i] for i in part.terms])
        unknown = sum([worth for i, worth, is_missing in self.terms if is_missing(bins[i])])
        for most, of_rules, of_events in self.stakes:
            own = sum([worth for i, worth in of_rules if rules[i] is None])
            own += sum([worth for name, worth in of_events if values[name] is None])
            unknown += min(most, own)
        return AxisScore(part.name, tenths, part.grade(tenths, unknown), unknown, part.worth)


def _make_check(term: Term) -> Callable[[int], bool]:
    """Whether a field of a term is missing, told by the place where the term was looked up."""
    if isinstance(term, Table):
        return lambda at: at == 0
    if isinstance(term, Combination):
        return lambda at: 0 in term.find_bins(at)
    width = len(term.bins[1])
    return lambda at: at < width or at % width == 0
