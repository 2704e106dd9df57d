"""A service whose texts mean no good, in its card, leads, events, opinions, drafts and lists; and all its pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx2

from leadledger.api.http.visitor_cookie import COOKIE, make_form_token
from leadledger.scoring.bins import NumberBins
from leadledger.scoring.lookup import Table
from leadledger.scoring.scorecard import Learned
from tests.api.pages.desk.leads import CARD, EVENTS
from tests.api.pages.sites import Site
from tests.models.releases.release_examples import DAY, publish
from tests.serving import forked_until_stopped

MARKUP = "<img src=x onerror=document.title='taken'></textarea></title><script>document.title='taken'</script>'\"&amp;"
TURNED = "\u202e\u2066\u2028\x1b[31m\x07"  # turned around, isolated, a line of its own, red, a bell
SHORT = f"{MARKUP}{TURNED}"
LONG = SHORT + "x" * 10_000
LEAD = f"<b>'\"&#?/%{TURNED}"  # an id
DRAFT = "spring"
FIRST, SECOND = "2026-11-24-001", "2026-11-25-001"


@dataclass(frozen=True)
class HostileSite:
    """The service, and an address or more for each page that a browser can ask for, by its route."""

    site: Site
    addresses: dict[str, list[str]]


def make_card() -> str:
    """A card of which each text for people holds markup; unseen signs no card may hold."""

    def spoil(match: re.Match[str]) -> str:
        return f"{match[1]}: {json.dumps(match[2] + MARKUP)}"

    text = re.sub(r'\b(reason|label|ask|why|unit): "?([^",}\n]+)"?', spoil, CARD)
    return text.replace("name: desk\n", f"name: desk\ntitle: {json.dumps('Desk ' + MARKUP)}\n# {MARKUP}\n", 1)


def make_releases(home: Path) -> None:
    """Two releases of the card; the second, a draft, has other points, a note and a report."""
    card = make_card()
    table = Table("employees", NumberBins((10.0,)), (-5, 0, 12), (3, 4, 5))
    learned = Learned(base_rate=0.1, start=231, trust=0.5, terms=(table,))
    publish(home, card_text=card, learned=learned, note=SHORT)
    finding = {"name": "urgent", "reason": SHORT, "finding": "overrated", "said": SHORT, "declared": 15.0, "fired": 3}
    metrics = {"verdict": {"said": SHORT}, "trust": 0.5, "audit": {"rules": [finding]}}
    report = {"report.html": b"<!doctype html><html lang=en><title>Report</title><main><h1>Report</h1></main></html>"}
    edited = {"card_text": card.replace("points: 15", "points: 40"), "learned": learned, "metrics": metrics}
    publish(home, **edited, files=report, note=SHORT, created=DAY + timedelta(1), current=False)


def fill(site: Site) -> None:
    """Leads, events and opinions; a draft that changes what they get, with a mistake in its history."""
    today = date.today()
    site.ask("POST", "/v1/shadow", {"release": SECOND})
    lead = {
        "lead_id": LEAD,
        "company": LONG,
        "country": LONG,
        "decision_role": SHORT,
        "employees": 50,
        "need": "urgent",
    }
    other = {**lead, "lead_id": f"{LEAD}2", "company": SHORT, "budget": 12_000, "need": "none"}
    for event in EVENTS:
        properties = {**event["properties"], "path": f"/pricing{LONG[:900]}", "mail": SHORT}
        site.ask("POST", "/v1/events", {"events": [{**event, "lead": LEAD, "properties": properties}]})
    for days in (7, 0):
        day = (today - timedelta(days)).isoformat()
        site.ask("POST", "/v1/score/batch", {"leads": [{**lead, "employees": 5 + days}, other], "as_of": day})
    site.ask("POST", f"/v1/leads/{quote(LEAD, safe='')}/feedback", {"verb": "reject", "reason": "no_budget"})
    text = site.ask("POST", "/v1/drafts", {"name": DRAFT})["text"]
    change = {"revision": 1, "text": text.replace("points: 15", "points: -15"), "what": SHORT[:100]}
    site.ask("POST", f"/v1/drafts/{DRAFT}/change", change)
    site.ask(
        "POST", "/v1/drafts", {"name": "broken", "text": text.replace("when: budget >= 10000", f"when: {SHORT!r}")}
    )


def send_list(site: Site) -> str:
    """Send a list whose columns and values mean no good; the address of what is proposed."""
    rows = "\n".join(f'{n},"{MARKUP.replace(chr(34), "")}{n % 3}",{n % 40 + 10}.000,{n % 2}' for n in range(60))
    content = f'id,"need {TURNED[:2]}{MARKUP.replace(chr(34), "")}",budget <b>,won\n{rows}\n'.encode()
    with httpx2.Client(base_url=site.address) as client:
        client.get("/studio/new")
        token = make_form_token(client.cookies[COOKIE.decode()])
        answer = client.post("/studio/new", data={"csrf": token}, files={"file": (SHORT, content)}, timeout=60)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])


def list_addresses(proposal: str) -> dict[str, list[str]]:
    """An address or more for each page, by its route."""
    lead, other = quote(LEAD, safe=""), quote(f"{LEAD}2", safe="")
    odd = quote(SHORT, safe="")
    drafts = "/studio/drafts/{draft}"
    pages = ("", "/parts", "/cases", "/text", "/history", "/compare", "/discard")
    return {
        "/": ["/"],
        "/sign-in": ["/sign-in"],
        "/sign-out": ["/sign-out"],
        "/assets/{name}": ["/assets/nothing.css"],
        "/desk": ["/desk?view=all", f"/desk?view=all&search={odd}"],
        "/desk/lead": [
            f"/desk/lead?id={lead}&list=view%3Dall",
            f"/desk/lead?id={other}&answer.budget={odd}",
            f"/desk/lead?id={odd}",
        ],
        "/desk/compare": [f"/desk/compare?a={lead}&b={other}"],
        "/releases": ["/releases"],
        "/releases/release": [f"/releases/release?name={SECOND}", f"/releases/release?name={odd}"],
        "/releases/shadow": ["/releases/shadow"],
        "/releases/compare": [f"/releases/compare?old={FIRST}&new={SECOND}"],
        "/studio": ["/studio"],
        "/studio/new": ["/studio/new"],
        "/studio/train": ["/studio/train"],
        "/studio/training": [f"/studio/training?name={odd}", f"/studio/training?id={odd}"],
        "/studio/new/list": [proposal, f"/studio/new/list?list={odd}"],
        f"{drafts}/rule": [f"/studio/drafts/{DRAFT}/rule?name=urgent", f"/studio/drafts/{DRAFT}/rule"],
        **{f"{drafts}{page}": [f"/studio/drafts/{name}{page}" for name in (DRAFT, "broken")] for page in pages},
    }


@contextmanager
def run_hostile_site(home: Path) -> Iterator[HostileSite]:
    """The service, without keys."""
    home.mkdir(parents=True, exist_ok=True)
    make_releases(home)
    with forked_until_stopped(home) as address:
        site = Site(address, home, {})
        fill(site)
        yield HostileSite(site, list_addresses(send_list(site)))
