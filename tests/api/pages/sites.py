"""A service with known leads for tests of its pages: what it serves, whom it knows, and how it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2

from leadledger.api.service import keys
from leadledger.api.service.keys import SCOPES
from leadledger.models.releases.rules_alone import release_rules
from leadledger.models.releases.store import Releases
from leadledger.scoring.card.reader import read_card
from tests.serving import CARD, forked_until_stopped

EVENTS_CARD = CARD.with_name("card-with-events.yaml")
NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
OWNERS = ("Aino", "Ines", "Mads")
NEEDS = ("urgent", "clear", "vague", "none")
ROLES = ("decider", "influencer", "user", None)
SUPPLIERS = ("dismissed", "reviewing", "has_supplier", None)
DAYS_TO_DECISION = (30, 100, None, 300)
LEADS = 60
DAYS_AGO = (14, 7, 0)  # when they were scored


@dataclass(frozen=True)
class Site:
    """A service that runs: its address, its home, and the text of a key for each name (none: it needs no keys)."""

    address: str
    home: Path
    keys: dict[str, str]

    def ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """One request to the API, with the key that may do all; the answer as JSON."""
        headers = {"Authorization": f"Bearer {self.keys['all']}"} if self.keys else {}
        answer = httpx2.request(method, f"{self.address}{path}", json=body, headers=headers, timeout=60)
        assert answer.status_code < 400, answer.text
        answered: dict[str, Any] = answer.json()
        return answered

    def result(self, lead: str, verb: str = "", body: object = None) -> dict[str, Any]:
        """What the API says of a lead, such as its `forecast`."""
        path = f"/v1/leads/{quote(lead, safe='')}{'/' if verb else ''}{verb}"
        return self.ask("POST" if body is not None else "GET", path, body)


def make_lead(number: int, today: date, owner_field: bool) -> dict[str, Any]:
    """A lead of its own, the same for each number; every value that decides stands in some of them."""
    lead = {
        "lead_id": f"L{number:04}",
        "company": f"Firm {number} & Sons",
        "stage": "lead",
        "need": NEEDS[number % 4],
        "budget": (50_000, 12_000, None, 3_000)[number // 4 % 4],
        "decision_role": ROLES[number // 2 % 4],
        "supplier_status": SUPPLIERS[number // 3 % 4],
        "employees": 5 + number * 37 % 2_000,
        "last_activity": (today - timedelta(days=number % 40)).isoformat(),
        "created": (today - timedelta(days=60)).isoformat(),
        "country": ("NO", "SE", "DK")[number % 3],
    }
    days = DAYS_TO_DECISION[number // 5 % 4]
    if days is not None:
        lead["decision_date"] = (today + timedelta(days=days)).isoformat()
    if owner_field:
        lead["owner"] = OWNERS[number % 3]
    return {name: value for name, value in lead.items() if value is not None}


def make_events(number: int, today: date) -> list[dict[str, Any]]:
    """Some visits, a call and clicks of a machine, for leads of some numbers."""
    visits = [
        {
            "kind": "visit",
            "source": "web",
            "id": f"v{number}-{days}",
            "time": f"{today - timedelta(days=days)}T08:00:00Z",
            "properties": {"path": "/pricing" if days % 2 else "/product", "seconds": 60},
        }
        for days in range(1, number % 5)
    ]
    clicks = [
        {
            "kind": "mail_click",
            "source": "mail",
            "id": f"m{number}",
            "time": f"{today - timedelta(days=3)}T08:00:01Z",
            "properties": {"mail": "news", "link": "/unsubscribe", "links": 5},
        }
    ]
    return visits + (clicks if number % 7 == 0 else [])


def fill(site: Site, leads: int = LEADS) -> None:
    """Score the leads as of some days, the last of which is today: they are known, with a history."""
    today = date.today()
    has_owner = any(field["name"] == "owner" for field in site.ask("GET", "/v1/scorecard")["fields"])
    numbers = range(1, leads + 1)
    events = [{**event, "lead": f"L{number:04}"} for number in numbers for event in make_events(number, today)]
    site.ask("POST", "/v1/events", {"events": events})
    for days in DAYS_AGO:
        day = today - timedelta(days=days)
        batch = [make_lead(number, day, has_owner) for number in numbers]
        site.ask("POST", "/v1/score/batch", {"leads": batch, "as_of": day.isoformat()})


@contextmanager
def run_site(home: Path, *, with_keys: bool = False, card: Path = EVENTS_CARD) -> Iterator[Site]:
    """A service of a released card. `with_keys`: one with all scopes, and one for each scope."""
    home.mkdir(parents=True, exist_ok=True)
    read_card(card)  # a mistake in it is named here
    release_rules(card, Releases(home), NOW)
    texts = {}
    if with_keys:
        texts["all"] = keys.add(home, "all", SCOPES, NOW)[1]
        texts |= {scope: keys.add(home, scope, (scope,), NOW)[1] for scope in SCOPES}
    with forked_until_stopped(home, log="async") as address:
        yield Site(address, home, texts)
