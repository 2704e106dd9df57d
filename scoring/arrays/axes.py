"""Axes over arrays: the points of each, what is unknown of what it can earn, and the grades that stages ask for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from leadledger.scoring.arrays import truth
from leadledger.scoring.arrays.block import Block
from leadledger.scoring.arrays.coded import Coded, Items, add_up, combine, constant, reduce
from leadledger.scoring.arrays.tally import BlockTally, CardArrays
from leadledger.scoring.axis import AxisDemand
from leadledger.scoring.axis_parts import AxisPart, find_axis_parts
from leadledger.scoring.scorecard import Scorecard


@dataclass(frozen=True)
class AxisArrays:
    """An axis in a block: its points (tenths), and whether enough of it is known for a grade."""

    part: AxisPart
    points: Coded
    is_known: Coded


class AxesArrays:
    """The axes of a scorecard, made ready for blocks; there are none in a card without axes."""

    def __init__(self, card: Scorecard) -> None:
        self._card = card
        self._parts = find_axis_parts(card)
        asked = dict.fromkeys(demand.axis for demand in card.demands)
        self._alone = {axis: CardArrays(self._parts[axis].alone, ("low", "high")) for axis in asked}

    def score(self, block: Block, tally: BlockTally) -> list[AxisArrays]:
        """The axes of a tally, in their order."""
        return [self._score(part, block, tally) for part in self._parts.values()]

    def _score(self, part: AxisPart, block: Block, tally: BlockTally) -> AxisArrays:
        points = [tally.rules[name].points for name in (*part.rules, *part.each_rules)]
        points += [tally.groups[name] for name in part.groups]
        points += [tally.terms[i].points for i in part.terms]
        unknown = add_up(self._list_unknown(part, block, tally))
        return AxisArrays(part, add_up(points), combine(np.less_equal, unknown, constant(part.most_unknown)))

    def _list_unknown(self, part: AxisPart, block: Block, tally: BlockTally) -> Iterator[Coded]:
        """What the rules, groups and terms of an axis leave unknown (tenths)."""
        for stake in part.stakes:
            own = add_up(
                _weigh(tally.rules[name].is_unknown, worth) for name, worth in (*stake.rules, *stake.each_rules)
            )
            yield combine(np.minimum, own, constant(stake.worth))
        for i, worth in part.worths:
            fields = self._card.learned.terms[i].fields
            yield _weigh(reduce(np.logical_or, map(block.is_missing, fields)), worth)

    def judge_demands(self, block: Block, axes: list[AxisArrays]) -> list[Coded]:
        """The truth of each grade that a stage asks for; unknown: answers could still bring it."""
        alone = {axis: arrays.tally(block).ends for axis, arrays in self._alone.items()}
        by_name = {axis.part.name: axis for axis in axes}
        return [
            combine(
                lambda points, known, low, high, demand=demand: _judge(demand, points, known, low, high),
                by_name[demand.axis].points,
                by_name[demand.axis].is_known,
                alone[demand.axis]["low"],
                alone[demand.axis]["high"],
            )
            for demand in self._card.demands
        ]


def _weigh(is_unknown: Coded, worth: int) -> Coded:
    return combine(lambda unknown: np.where(unknown, worth, 0), is_unknown)


def _judge(demand: AxisDemand, points: Items, is_known: Items, low: Items, high: Items) -> Items:
    """As `AxisDemand.judge`, of many leads."""
    met = is_known & (points >= demand.cut)
    return truth.judge(met, ~met & (low < high) & (high >= demand.cut))
