"""Figures that know where they come from.

The report shows no number that the release doesn't keep as data. So its template gets no bare values: it gets
`Figure`s, each with the JSON pointer (RFC 6901) of its value in the data of the release, and prints them through one
function, which writes the pointer and the format beside the text:

    <span data-metric="/metrics/held_out/leadledger/auc" data-format="loss">0.8041</span>

A test looks up every pointer again, formats what it finds, and compares.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup, escape

from leadledger.scoring.advice import word_day
from leadledger.scoring.bins import format_number
from leadledger.scoring.result import format_signed, format_unsigned

NONE = "–"


def group_digits(text: str) -> str:
    """A text with thousands separators in its numbers of five digits or more: `4,500,000 to 20,000,000`.

    Shorter numbers stay, because they may be years. Digits after a decimal point or in an exponent stay too.
    """
    return re.sub(r"(?<![\d.,+-])-?\d{5,}(?![\d,])", lambda number: f"{int(number[0]):,}", text)


def _write_day(day: date) -> str:
    """A day with its year: `29 November 2026`."""
    return word_day(day, date.min)


FORMATS: Mapping[str, Callable[[Any], str]] = {
    "text": str,
    "words": lambda value: str(value).replace("_", " "),
    "yes": lambda value: "yes" if value else "no",
    "whole": lambda value: f"{value:,}",
    "count": lambda value: f"{len(value):,}",
    "number": lambda value: group_digits(format_number(float(value))),
    "stretch": group_digits,
    "day": lambda value: _write_day(date.fromisoformat(value)),
    "percent": lambda value: f"{value:.1%}",
    "half": lambda value: f"{value:.0%}",
    "loss": lambda value: f"{value:.4f}".replace("-", "−"),
    "two": lambda value: f"{value:.2f}".replace("-", "−"),
    "one": lambda value: f"{value:.1f}".replace("-", "−"),
    "times": lambda value: f"{value:.1f} ×",
    # Points come as numbers with one decimal from the metrics, as whole tenths from what was learned.
    "points": lambda value: format_signed(round(value * 10)),
    "total": lambda value: format_unsigned(round(value * 10)),
    "tenths": format_signed,
    "error": format_unsigned,
}


@dataclass(frozen=True)
class Figure:
    """A value with the pointer to it. What is missing is a figure too, of None.

    It is false where there is nothing to show: None, or an empty text, list or mapping; 0 and False are something.
    """

    value: Any
    pointer: str = ""

    def __getitem__(self, key: str | int) -> Figure:
        """What lies below: the value of a mapping, the item of a sequence, the attribute of a record."""
        return Figure(look_up(self.value, str(key)), f"{self.pointer}/{escaped(str(key))}")

    def __iter__(self) -> Iterator[Figure]:
        """The values of a mapping or the items of a sequence, in order; none where the value is missing."""
        keys = list(self.value) if isinstance(self.value, Mapping) else range(len(self.value or ()))
        return (self[key] for key in keys)

    def __len__(self) -> int:
        return len(self.value or ())

    def __bool__(self) -> bool:
        return self.value is not None and (not hasattr(self.value, "__len__") or len(self.value) > 0)

    @property
    def key(self) -> str:
        """The last step of the pointer: under which name it is kept."""
        return self.pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")

    def show(self, form: str = "text") -> Markup:
        """Its text, marked with where it comes from."""
        text = NONE if self.value is None else FORMATS[form](self.value)
        return Markup(f'<span data-metric="{escape(self.pointer)}" data-format="{form}">{escape(text)}</span>')


def look_up(value: Any, key: str) -> Any:
    """One step of a pointer; None where it leads nowhere."""
    if isinstance(value, Mapping):
        return value.get(key)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return value[int(key)] if int(key) < len(value) else None
    return getattr(value, key, None)


def escaped(key: str) -> str:
    """A step of a pointer, with its own signs escaped."""
    return key.replace("~", "~0").replace("/", "~1")
