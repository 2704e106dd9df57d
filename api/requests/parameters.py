"""The parameters of a query string, or every mistake in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qsl

from leadledger.api.requests.body import read_day
from leadledger.api.requests.mistakes import Mistakes, shorten
from leadledger.scoring.card.crm_names import SYSTEMS
from leadledger.scoring.card.write_back import DEFAULT_PROPERTIES
from leadledger.scoring.errors import did_you_mean

EXPLAIN = ("none", "top", "full")  # how much of a score an answer explains
MOST_SCORES_PER_PAGE = 200
SCORES_PER_PAGE = 20
MOST_PARAMETERS = 50  # in a query string

_SCORE_PARAMETERS = ("from", "reply", "as_of", "explain")
_PAGE_PARAMETERS = ("limit", "before")
ANY_RECORD = "record"  # in `?from=`: the record of any system
_COUNT = re.compile(r"[0-9]{1,9}")
_CRMS = {"from": (*SYSTEMS, ANY_RECORD), "reply": tuple(DEFAULT_PROPERTIES)}


@dataclass(frozen=True, slots=True)
class ScoreParameters:
    """How a body is to be scored: the CRM that the body is of (empty: its marks tell), the CRM that the answer is for
    (empty: none), the day, and how much of the answer to explain.
    """

    source: str = ""
    reply: str = ""
    as_of: date | None = None
    explain: str = "full"


NO_PARAMETERS = ScoreParameters()


@dataclass(frozen=True, slots=True)
class PageParameters:
    """Which scores of a lead to list: at most `limit`, those before the score `before` (an id; empty: the newest)."""

    limit: int = SCORES_PER_PAGE
    before: str = ""


def read_score_parameters(query: bytes, mistakes: Mistakes) -> ScoreParameters:
    """The parameters of a request to score; mistakes are noted."""
    if not query:  # most have none
        return NO_PARAMETERS
    values: dict[str, str] = {}
    for name, value in read_pairs(query, _SCORE_PARAMETERS, mistakes):
        if name in values:
            mistakes.add((f"?{name}",), "is given more than once; send it once")
            continue
        values[name] = value
        if name == "explain" and value not in EXPLAIN:
            guess = did_you_mean(shorten(value), EXPLAIN)
            mistakes.add(("?explain",), f"is not a way to explain.{guess}", value)
        crms = _CRMS.get(name)
        if crms and value not in crms:
            mistakes.add((f"?{name}",), f"is not a CRM that we know.{did_you_mean(shorten(value), crms)}", value)
    as_of = read_day(values["as_of"], ("?as_of",), mistakes) if "as_of" in values else None
    if mistakes:
        return NO_PARAMETERS
    return ScoreParameters(values.get("from", ""), values.get("reply", ""), as_of, values.get("explain", "full"))


def read_page_parameters(query: bytes, mistakes: Mistakes) -> PageParameters:
    """The parameters of a request for the scores of a lead; mistakes are noted."""
    limit, before = SCORES_PER_PAGE, ""
    for name, value in read_pairs(query, _PAGE_PARAMETERS, mistakes):
        if name == "before":
            before = value
        else:
            limit = read_count("?limit", value, 1, MOST_SCORES_PER_PAGE, mistakes) or limit
    return PageParameters(limit, before)


def read_count(name: str, text: str, least: int, most: int, mistakes: Mistakes) -> int | None:
    """The whole number that a parameter writes; None where it is none, or out of bounds, which is noted."""
    if _COUNT.fullmatch(text) and least <= int(text) <= most:
        return int(text)
    mistakes.add((name,), f"is not a number from {least} to {most}", text)
    return None


def read_pairs(query: bytes, known: Sequence[str], mistakes: Mistakes) -> Iterator[tuple[str, str]]:
    """Name and value of each known parameter, in the order of the query; unknown ones are noted."""
    try:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        mistakes.add(("?",), f"has more than {MOST_PARAMETERS} parameters; there are {len(known)}: {', '.join(known)}")
        return
    for name, value in pairs:
        if name in known:
            yield name, value
        else:
            mistakes.add((f"?{shorten(name)}",), f"unknown parameter.{did_you_mean(shorten(name), known)}")
