"""A formula: what another system adds up to a score, in the parts that a card has too.

A reader of each format (`matrix.py`, `hubspot.py`) makes one; `card_text.py` writes it as a card. What a reader can't
express stands under `untranslated`, with its path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Operator = Literal[
    "=",
    "<>",
    "<",
    "<=",
    ">",
    ">=",
    "between",
    "in",
    "contains",
    "starts_with",
    "ends_with",
    "known",
    "unknown",
    "has_any",
    "has_all",
    "days_since_between",
    "days_since_over",
]
FormulaKind = Literal["number", "text", "flag", "date", "choices"]
FormulaValue = float | str | bool


@dataclass(frozen=True)
class Clause:
    """One comparison of a column with values.

    `kind` is what the comparison takes the column for; None: it fits any kind. `negated`: it holds where the comparison
    doesn't. `or_missing`: it also holds where the column has no value; otherwise a missing value meets nothing but
    `unknown`. Dates are texts like 2026-01-31.
    """

    column: str
    operator: Operator
    values: tuple[FormulaValue, ...] = ()
    kind: FormulaKind | None = None
    negated: bool = False
    or_missing: bool = False


@dataclass(frozen=True)
class Junction:
    """Comparisons of which all must hold (`and`), or one (`or`); `negated`: it holds where they don't.

    What rests on a missing value is unknown, as in SQL, and so is its negation.
    """

    word: Literal["and", "or"]
    parts: tuple[Clause | Junction, ...]
    negated: bool = False


@dataclass(frozen=True)
class EventPoints:
    """How a rule counts events: those of a kind, named as its system names it.

    `days`: only those of so many days, today among them; None: all. `least` and `most`: the points are earned once,
    where so many are counted; None for `least`: each event earns them. `half_life`: days after which half is left.
    """

    kind: str
    days: int | None = None
    least: int | None = None
    most: int | None = None
    half_life: int | None = None


@dataclass(frozen=True)
class FormulaRule:
    """What earns points: all `clauses` hold, and none of the conjunctions in `unless`; or `junction`; or `events`.

    `origin` is the path in the file, `reason` words for people, `group` the place of its group in the formula.
    """

    points: float
    origin: str
    reason: str
    clauses: tuple[Clause, ...] = ()
    unless: tuple[tuple[Clause, ...], ...] = ()
    events: EventPoints | None = None
    group: str | None = None
    junction: Junction | None = None


@dataclass(frozen=True)
class FormulaGroup:
    """The limits of some rules together, in points; None: no limit. `title` is what its author calls it."""

    title: str
    most: float | None = None
    least: float | None = None


@dataclass(frozen=True)
class Untranslated:
    """A part of the file that the card doesn't hold, or holds in another way: its path, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Formula:
    """All that a file says of a score. `system` is the CRM whose names the columns have; empty: any list."""

    title: str
    source: str
    system: str
    rules: tuple[FormulaRule, ...]
    groups: Mapping[str, FormulaGroup] = field(default_factory=dict)
    untranslated: tuple[Untranslated, ...] = ()
