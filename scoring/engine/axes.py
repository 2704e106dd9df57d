"""What a lead has on each axis: its points and its grade, and whether it has the grades that stages ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from leadledger.scoring.axis_parts import find_axis_parts
from leadledger.scoring.printers.python.axes import compile_axes
from leadledger.scoring.printers.python.module import TallyFunction, compile_card
from leadledger.scoring.result import AxisScore
from leadledger.scoring.scorecard import Scorecard


class AxesEngine:
    """The axes of a scorecard made ready; there are none in a card without axes."""

    def __init__(self, card: Scorecard) -> None:
        self._parts = tuple(find_axis_parts(card).values())
        self._add = compile_axes(card, self._parts) if self._parts else None
        positions = {part.name: i for i, part in enumerate(self._parts)}
        self._demands = [(demand, positions[demand.axis]) for demand in card.demands]
        # The range of an axis is only worked out where a stage asks for its grade.
        asked = dict.fromkeys(at for _, at in self._demands)
        self._alone = {at: compile_card(self._parts[at].alone) for at in asked}

    def score(
        self,
        rules: Sequence[int | None],
        groups: Sequence[int],
        terms: Sequence[int],
        bins: Sequence[int],
        values: Mapping[str, Any],
    ) -> tuple[AxisScore, ...]:
        """The axes of a tally, in their order. `values` hold what rules for each event earn, by `name_earned`."""
        if self._add is None:
            return ()
        numbers = iter(self._add(rules, groups, terms, bins, values))
        return tuple(
            [
                AxisScore(part.name, tenths, part.grade(tenths, unknown), unknown, part.worth)
                for part, tenths, unknown in zip(self._parts, numbers, numbers, strict=True)
            ]
        )

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
        ranges = {at: tally(values, as_of)[1:3] for at, tally in self._alone.items()}
        return [
            demand.judge(axes[at].tenths, axes[at].unknown <= self._parts[at].most_unknown, *ranges[at])
            for demand, at in self._demands
        ]
