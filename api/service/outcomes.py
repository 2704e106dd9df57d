"""What became of a lead, for the history and for training."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from leadledger.api.requests.body import is_encodable, read_day, read_object
from leadledger.api.requests.mistakes import NOTHING, ROOT, Mistakes, shorten
from leadledger.api.service.history import read_log
from leadledger.api.service.service import Service
from leadledger.scoring.errors import did_you_mean
from leadledger.scoring.lead_ids import LONGEST_ID

_KEYS = ("lead", "became", "on")
_EXAMPLE = '{"lead": "L1", "became": "opportunity", "on": "2026-03-01"}'


async def add_outcome(service: Service, body: Any, key: str) -> dict[str, Any]:
    """Note an outcome, and say whether it is new, and what is odd about it. `body` is a JSON value, `key` the id of the
    API key.

    Raises Refusal: it has mistakes (422), there is no log (404), the log fails (503).
    """
    lead, became, day = read_outcome(body, service.loaded.outcomes)
    is_new = await read_log(service, lambda log: log.store.add_outcome(lead, became, day, key))
    first = await read_log(service, lambda log: log.store.find_first_day(lead))
    return {"lead": lead, "became": became, "on": day, "new": is_new, "notes": _list_oddities(first, day)}


def _list_oddities(first: str | None, day: str) -> list[str]:
    """What is odd about an outcome on a day, for whoever sends it; `first` is the day of the lead's first score."""
    oddities = []
    if first is None:
        oddities.append("No score of this lead is in the log; training can't use the outcome. Is the id right?")
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)  # it is tomorrow already in other time zones
    if date.fromisoformat(day) > tomorrow:
        oddities.append(f"{day} lies in the future.")
    elif first is not None and day < first:
        oddities.append(f"{day} lies before the lead's first score, of {first}; training leaves such leads out.")
    return oddities


def read_outcome(body: Any, known: tuple[str, ...]) -> tuple[str, str, str]:
    """The lead, what became of it (one of `known`), and the day. Raises Refusal (422)."""
    mistakes = Mistakes()
    members = read_object(body, _KEYS, (), _EXAMPLE, mistakes)
    lead, became, on = (members.get(key, NOTHING) for key in _KEYS)
    if isinstance(lead, int) and not isinstance(lead, bool):
        lead = str(lead)
    if lead is not NOTHING and not (isinstance(lead, str) and 0 < len(lead.strip()) <= LONGEST_ID):
        mistakes.add((*ROOT, "lead"), f"is not an id of a lead: a text of 1 to {LONGEST_ID} characters", lead)
    elif isinstance(lead, str) and not is_encodable(lead):
        mistakes.add((*ROOT, "lead"), "holds half a character (a lone surrogate)", lead)
    if became is not NOTHING and became not in known:
        guess = did_you_mean(shorten(became) if isinstance(became, str) else "", known)
        mistakes.add((*ROOT, "became"), f"is not a stage of this card.{guess}", became)
    day = read_day(None if on is NOTHING else on, (*ROOT, "on"), mistakes)
    if on is None:
        mistakes.add((*ROOT, "on"), "is null; send a day like 2026-01-31")
    if mistakes:
        raise mistakes.to_refusal()
    assert day is not None
    return str(lead).strip(), str(became), day.isoformat()
