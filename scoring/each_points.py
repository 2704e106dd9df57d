"""Points for each event, worked out: staircases over the days since the event, and the limit of a day."""

from __future__ import annotations

from dataclasses import dataclass

from leadledger.scoring.decay import Steps, decay, last_days, scale_points
from leadledger.scoring.rule import EachRule

_EARNED = "earned:"


def name_earned(rule: str) -> str:
    """The name of what a rule for each event earns (tenths; None: unknown) among the values of a lead."""
    return f"{_EARNED}{rule}"


@dataclass(frozen=True)
class PricedEachRule:
    """A rule for each event with its points times trust (tenths), over whole days since the event.

    `steps` is what an event earns, `most` how many events of a day earn that (None: all of them), and `rest` what the
    next one earns, where the limit of a day leaves room for a part of it.
    """

    rule: EachRule
    points: int
    steps: Steps
    most: int | None
    rest: Steps

    def earn(self, events: int, age: int) -> int:
        """What some events of one day earn, so many days later."""
        if self.most is None or events <= self.most:
            return events * self.steps.at(age)
        return self.most * self.steps.at(age) + self.rest.at(age)


def price_each(rule: EachRule, trust: float) -> PricedEachRule:
    """A rule with its points times trust (0..1)."""

    def make_steps(points: int) -> Steps:
        if rule.half_life is not None:
            return decay(points, trust, rule.half_life)
        return last_days(scale_points(points, trust), rule.within or 1)

    most, rest = (None, 0) if rule.per_day is None else divmod(rule.per_day, abs(rule.points))
    points = rest if rule.points > 0 else -rest
    return PricedEachRule(rule, scale_points(rule.points, trust), make_steps(rule.points), most, make_steps(points))
