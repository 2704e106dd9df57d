"""A card with events on the command line: checked, released, compared, explained; refused where nothing counts them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from leadledger.models.releases.store import Releases
from leadledger.scoring.printers.sql.select import NO_EVENTS
from tests.command_line import run

CARD = """
name: web
events:
  visit: {from: {segment: page}, fields: {path: {kind: text}}, machine: "contains(path, 'robots')", tracked_since: seen}
  price_visit: {of: visit, when: "contains(path, '/pricing')", per_day: 2}
fields:
  seen: {kind: date}
  need: {kind: text}
  visits: {kind: number, is: "count(visit, 14 days)"}
groups:
  engagement: {max: 4}
rules:
  - {name: prices, each: price_visit, points: 3, within: 14 days, group: engagement, reason: Reads the prices}
"""
EVENTS = [
    {"kind": "visit", "time": "2026-01-14", "properties": {"path": "/pricing"}},
    {"kind": "visit", "time": "2026-01-13", "properties": {"path": "/pricing"}},
    {"kind": "visit", "time": "2026-01-12", "properties": {"path": "/pricing/robots.txt"}},
    {"kind": "visit", "time": "2026-01-20"},
    {"kind": "webinar", "time": "2026-01-12"},
]


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A card with events."""
    path = tmp_path / "web.yaml"
    path.write_text(CARD)
    return path


def explain(card: Path, **body: object) -> str:
    """What `explain` says of a body, with one space between words."""
    text = json.dumps({"lead": {"need": "x"}, "as_of": "2026-01-15", **body})
    return " ".join(run("explain", "-", "--card", card, stdin=text).output.split())


def test_explain_shows_what_became_of_events(web: Path) -> None:
    """The entries of rules for events, what the group takes, and every event that didn't count."""
    text = explain(web, events=EVENTS)
    assert "Reads the prices (2 events) +6.0" in text
    assert "engagement: at most 4.0 together −2.0" in text
    assert "Events: 2 counted; left out: 1 of machines, 1 after the day, 1 of the unknown kind 'webinar'" in text
    assert "Machines would have earned +3.0 by prices." in text
    assert "Not known since tracking began too late: visits, at least 2." in text
    assert "Events: not known, so nothing is counted; send them, or an empty list where there are none." in explain(web)


def test_explain_lists_mistakes_in_events(web: Path) -> None:
    """Mistakes in events have their paths."""
    done = run("explain", "-", "--card", web, stdin='{"lead": {"need": "x"}, "events": [{"kind": "visit"}, 5]}')
    assert done.exit_code == 1
    assert (
        "$.events[0].time: is missing; an event needs the time at which it happened\n$.events[1]: 5 is" in done.stderr
    )


def test_releases_of_rules(web: Path, tmp_path: Path) -> None:
    """A card with events is released, explained by its release, printed, and compared with the next."""
    home = tmp_path / "home"
    assert run("release", web, "--home", home).exit_code == 0
    body = json.dumps({"lead": {"need": "x"}, "events": EVENTS})
    by_release = run("explain", "-", "--home", home, "--as-of", "2026-01-15", "--json", stdin=body)
    assert json.loads(by_release.output)["points"] == 54
    web.write_text(CARD.replace("per_day: 2", "per_day: 1").replace("points: 3", "points: 2.5"))
    assert run("release", web, "--home", home).exit_code == 0
    names = Releases(home).names()
    shown = " ".join(run("releases", "show", names[0], "--home", home).output.split())
    assert "price_visit: visit when contains(path, '/pricing'); earning events per day 2" in shown
    assert "+3.0 Reads the prices for each price_visit, for 14 days" in shown
    difference = run("releases", "diff", *names, "--home", home).output
    assert "event price_visit" in difference
    assert "rule prices" in difference


def test_no_lists_without_events(web: Path, tmp_path: Path) -> None:
    """A list needs its events, and no SELECT is printed."""
    leads = tmp_path / "leads.csv"
    leads.write_text("need\nx\n")
    done = run("score", leads, "-o", tmp_path / "out.csv", "--card", web)
    assert done.exit_code == 1
    assert "the card 'web' counts events; give those of the leads by --events FILE" in " ".join(done.stderr.split())
    done = run("sql", "--card", web)
    assert done.exit_code == 1
    assert NO_EVENTS in " ".join(done.stderr.split())
