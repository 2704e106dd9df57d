"""The book of the demo: what a sales team has known of its leads for three weeks, and what it said of them.

The leads of the simulated CRM come in on the day on which they were created, and answer one question after another.
Each is scored on some days, and each promoted one is somebody's. All of it goes through the verbs of the service.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

_Item = TypeVar("_Item")

OWNERS = ("Aino", "Ines", "Mads", "Oskar")
LOOKS = (21, 14, 8, 4, 1, 0)  # days before today on which all leads are scored
ANSWERS = ("need", "budget", "decision_role", "decision_date", "supplier_status", "employees", "industry")
LEADS_PER_CALL = 500
EVENTS_PER_CALL = 1_000
SEED = 8
REASONS = ("no_budget", "bad_timing", "wrong_contact", "competitor")
SHARES = {"accept": 0.35, "reject": 0.12, "snooze": 0.2}  # of promoted leads that are three days old; the rest waits


@dataclass(frozen=True)
class DemoBook:
    """How many leads are known, and how many of them are to be called today, as the desk counts them."""

    leads: int
    calls: int


def fill_book(home: Path, simulator: ModuleType, leads: int, today: date) -> DemoBook:
    """Fill the book of a home whose current release is that of the demo's card, up to a day. Raises ScoringError."""
    world = simulator.open_events(leads, seed=SEED, until=today)
    rows = list(_list_leads(world.leads.to_dict("records"), today))
    messages = list(_list_messages(world.events))
    return asyncio.run(_fill(home, rows, messages, today))


def _list_messages(table: Any) -> Iterator[dict[str, Any]]:
    from software_crm.stream import list_messages  # type: ignore[import-not-found]  # beside the simulator

    yield from list_messages(table)


async def _fill(home: Path, leads: Sequence[_Lead], messages: Sequence[Mapping[str, Any]], today: date) -> DemoBook:
    from leadledger.api.service.events import add_events
    from leadledger.api.service.program_log import ProgramLog
    from leadledger.api.service.service import open_service
    from leadledger.api.service.settings import Settings
    from leadledger.api.service.today import answer_today

    service = open_service(Settings(home=home), ProgramLog("error"))
    async with service.running(has_duties=False):
        for part in _part(messages, EVENTS_PER_CALL):
            await add_events(service, json.dumps({"events": part}).encode(), {}, "")
        for days in LOOKS:
            day = today - timedelta(days=days)
            known = [lead for lead in leads if lead.created <= day]
            answers = [item async for item in _score(service, known, day)]
            if days:
                promoted = [lead.id for lead, answer in zip(known, answers, strict=True) if _is_promoted(answer)]
                await _give_feedback(service, promoted, day)
        views = {view["view"]: view["leads"] for view in (await answer_today(service))["views"]}
    return DemoBook(len(leads), views["call"])


async def _score(service: Any, leads: Sequence[_Lead], day: date) -> AsyncIterator[dict[str, Any]]:
    from leadledger.api.service.answering import answer_batch
    from leadledger.api.service.scoring import ScoreCall

    for part in _part(leads, LEADS_PER_CALL):
        body = {"leads": [lead.look(day) for lead in part], "as_of": day.isoformat()}
        call = ScoreCall("/v1/score/batch", b"explain=none", json.dumps(body).encode())
        for item in json.loads(await answer_batch(service, call))["results"]:
            yield item


def _part(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _is_promoted(item: Mapping[str, Any]) -> bool:
    return bool(item["status"] == 200 and item["result"]["recommendation"] == "promote")


async def _give_feedback(service: Any, leads: Sequence[str], day: date) -> None:
    """What sales says of leads on a day: it takes some, rejects some and puts some off."""
    from leadledger.api.log.feedback import Feedback
    from leadledger.api.service.feedback import add_feedback

    draw = random.Random(f"{SEED} {day.toordinal() - len(leads)}")
    for lead in leads:
        share = draw.random()
        on, until = day.isoformat(), (day + timedelta(days=draw.choice((9, 13, 20, 26)))).isoformat()
        if share < SHARES["accept"]:
            feedback = Feedback("accept", on)
        elif share < SHARES["accept"] + SHARES["reject"]:
            feedback = Feedback("reject", on, draw.choice(REASONS))
        elif share < sum(SHARES.values()):
            feedback = Feedback("snooze", on, until=until)
        else:
            continue
        await add_feedback(service, lead, feedback, "")


@dataclass(frozen=True)
class _Lead:
    """A lead of the simulated CRM: its values, and the day from which each of its answers is known."""

    id: str
    created: date
    values: Mapping[str, Any]
    answered_on: Mapping[str, date]

    def look(self, day: date) -> dict[str, Any]:
        """What is known of it on a day."""
        known = {name: value for name, value in self.values.items() if self.answered_on.get(name, day) <= day}
        last = known.get("last_activity")
        if last is not None and last > day.isoformat():
            known["last_activity"] = self.created.isoformat()
        return known


def _list_leads(rows: Sequence[Mapping[str, Any]], today: date) -> Iterator[_Lead]:
    draw = random.Random(SEED)
    for row in rows:
        values = {name: _write(value) for name, value in row.items() if value is not None and value == value}
        created = date.fromisoformat(values["created"])
        age = (today - created).days
        # Half of the answers are there from the first day.
        answered = {name: created + timedelta(days=max(0, draw.randint(-age, age))) for name in ANSWERS}
        yield _Lead(values["lead_id"], created, {**values, "owner": draw.choice(OWNERS)}, answered)


def _write(value: Any) -> Any:
    """A value of a data frame as JSON has it."""
    if hasattr(value, "date"):
        return value.date().isoformat()
    return value.item() if hasattr(value, "item") else value
