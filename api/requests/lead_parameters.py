"""The parameters of questions about known leads: which leads, as of which day, how far ahead."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from leadledger.api.requests.asked_leads import MOST_LEADS_ASKED, USUAL_LEADS_ASKED
from leadledger.api.requests.body import read_day
from leadledger.api.requests.mistakes import Mistakes
from leadledger.api.requests.parameters import read_pairs
from leadledger.scoring.engine.forecast_days import MOST_DAYS, USUAL_DAYS

_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class CompareParameters:
    """The ids of two leads, and the day (None: today)."""

    a: str
    b: str
    as_of: date | None


@dataclass(frozen=True, slots=True)
class ForecastParameters:
    """How many days ahead, and from which day on (None: today)."""

    days: int
    as_of: date | None


def read_compare_parameters(query: bytes, mistakes: Mistakes) -> CompareParameters:
    """The parameters of a comparison; mistakes are noted."""
    values = _read_once(query, ("a", "b", "as_of"), mistakes)
    for name in ("a", "b"):
        if not values.get(name, "").strip():
            mistakes.add((f"?{name}",), "is missing; send the id of a lead")
    return CompareParameters(values.get("a", ""), values.get("b", ""), _read_as_of(values, mistakes))


def read_forecast_parameters(query: bytes, mistakes: Mistakes) -> ForecastParameters:
    """The parameters of a forecast; mistakes are noted."""
    values = _read_once(query, ("days", "as_of"), mistakes)
    days = _read_count(values, "days", USUAL_DAYS, MOST_DAYS, mistakes)
    return ForecastParameters(days, _read_as_of(values, mistakes))


def read_day_parameter(query: bytes, mistakes: Mistakes) -> date | None:
    """As of which day something is asked (None: today); mistakes are noted."""
    return _read_as_of(_read_once(query, ("as_of",), mistakes), mistakes)


def read_question_parameters(query: bytes, mistakes: Mistakes) -> int:
    """Of how many leads the questions are worked out, at most; mistakes are noted."""
    values = _read_once(query, ("leads",), mistakes)
    return _read_count(values, "leads", USUAL_LEADS_ASKED, MOST_LEADS_ASKED, mistakes)


def refuse_parameters(query: bytes, mistakes: Mistakes) -> None:
    """Note every parameter, of a route that has none."""
    _read_once(query, (), mistakes)


def _read_once(query: bytes, known: Sequence[str], mistakes: Mistakes) -> dict[str, str]:
    """The values of parameters that may be given once."""
    values: dict[str, str] = {}
    for name, value in read_pairs(query, known, mistakes):
        if name in values:
            mistakes.add((f"?{name}",), "is given more than once; send it once")
        else:
            values[name] = value
    return values


def _read_as_of(values: Mapping[str, str], mistakes: Mistakes) -> date | None:
    return read_day(values["as_of"], ("?as_of",), mistakes) if "as_of" in values else None


def _read_count(values: Mapping[str, str], name: str, usual: int, most: int, mistakes: Mistakes) -> int:
    text = values.get(name)
    if text is None:
        return usual
    if _WHOLE_NUMBER.fullmatch(text) and 1 <= int(text) <= most:
        return int(text)
    mistakes.add((f"?{name}",), f"is not a number from 1 to {most:,}", text)
    return usual
