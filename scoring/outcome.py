"""The outcome that training learns to predict, as a card declares it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What training learns to predict: a column of the history, not a field of the lead.

    kind date: the lead became an opportunity if the date lies within `within` days after the field `since`.
    kind flag: it did if the column says yes. kind words: it did if the column has one of the texts `won`; with `lost`,
    a text of neither means that nothing is decided yet. kind there: it did if the column has any value. Where `since`
    and `within` are set, a lead that is younger than that is too young to judge, whatever the kind.
    `day`: the column with the day on which it did, beside a flag or words, which then count like a date; empty: none.
    `order`: the field that counts up from lead to lead, in the order of time; it isn't learned from. Empty: none.
    `landmarks`: the days after `since` on which training looks at a lead, for a card with events; empty: the usual
    ones. `minimum`: with fewer labelled leads, rules alone are released. `reached`: what a won lead did, in messages.
    """

    column: str
    kind: str
    since: str = ""
    within: int = 0
    minimum: int = 100
    won: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    day: str = ""
    order: str = ""
    reached: str = "became opportunities"
    landmarks: tuple[int, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the history that tell the outcome."""
        return (self.column, self.day) if self.day else (self.column,)
