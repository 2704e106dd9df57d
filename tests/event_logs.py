"""Random cards with events, and random logs of events, with the awkward days and times named."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import yaml
from hypothesis import strategies as st

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.scorecard import Learned, Scorecard

AS_OF = date(2026, 3, 30)  # a day after clocks were put forward in Oslo
WINDOWS = [1, 2, 3, 14, 30]
# Within windows, at their edges, and when clocks are put forward and back.
DAYS = [AS_OF - timedelta(days=days) for days in (-1, 0, 0, 1, 1, 2, 3, 13, 14, 29, 30, 155, 156, 400)]
CLOCKS = [
    *("", "", "T23:30:00Z", "T22:00:00Z", "t21:59:59.9999999z", " 00:15:00+01:00", "T12:00:00", "T12:00", "T12:00:01"),
    *(
        "T12:00:03",
        "T12:00:03,5 +02",
        "T02:30:00",
        "T12:00:00-23:59",
        "T12:00.25+0530",
        "T10:00:00Z",
        "T10:00:03.000001Z",
    ),
]
BAD_TIMES = [
    "soon",
    "2026-02-30",
    "2026-03-01T24:00:00Z",
    "2026-03-01T10:60Z",
    "2026-03-01T10:00:00+24:00",
    "",
    "12026-01-01",
]
PATHS = ["/", "/pricing", " /Pricing ", "/PRİCİNG", "n/a", "", None]
NUMBERS = ["", "12.5", "0.1", "0.2", "-0.0", "0", "1e12", "-1e12", "1.000,5", "2", "3", None]
CAMPAIGNS = ["a", "A", " a", "b", "É", "e\u0301", "é", "", None]
AGENTS = ["Mozilla/5.0", "my CURL/8", "Barracuda", "link-checker", "", None]
COLUMNS = (
    *("lead", "kind", "time", "received", "id", "source", "path", "Seconds", "good", "met", "campaign", "url"),
    *("agent", "links", "method", "seconds_after_delivery"),
)
SIGNS = {"agent": "text", "method": "text", "links": "number", "seconds_after_delivery": "number"}
KINDS = ["visit", "visit", "Visit ", "click", "click", "opened", "webinar", ""]


@st.composite
def event_cards(draw: st.DrawFn) -> Scorecard:
    """A card with three kinds, subsets of two, fields of every way of counting, and rules with all limits."""
    kinds: dict[str, Any] = {
        "visit": {"fields": {"path": {"kind": "text"}, "seconds": {"kind": "number"}, "good": {"kind": "flag"}}},
        "price_visit": {"of": "visit", "when": draw(st.sampled_from(["contains(path, '/pricing')", "not good"]))},
        "long_visit": {"of": "price_visit", "when": "seconds > 1 or path = '/'"},
        "click": {"from": ["opened"], "fields": {"url": {"kind": "text"}, "met": {"kind": "date"}}},
        "late_click": {"of": "click", "when": "days_since(met) > 3 or met is null"},
    }
    click = kinds["click"]
    exact = {"exact": True} if draw(st.booleans()) else {}
    click["fields"] |= {"campaign": {"kind": "text", **exact}}
    for name, kind in SIGNS.items():
        if draw(st.booleans()):
            click["fields"][name] = {"kind": kind}
    if "agent" in click["fields"] and draw(st.booleans()):
        click["machine"] = "contains(agent, 'checker')"
    if draw(st.booleans()):
        click["scanners"] = False
    for kind, objects in (("visit", ["path", "seconds"]), ("click", ["campaign", "met"]), ("late_click", ["url"])):
        if draw(st.booleans()):
            kinds[kind]["once_per"] = draw(st.sampled_from(objects))
    for kind in ("visit", "price_visit", "click"):
        if draw(st.booleans()):
            kinds[kind]["per_day"] = draw(st.integers(1, 3))
    tracked = draw(st.sampled_from([None, AS_OF - timedelta(days=13), AS_OF - timedelta(days=1), "since"]))
    if tracked is not None:
        kinds["click"]["tracked_since"] = tracked
    values = draw(st.lists(event_values(), min_size=1, max_size=5, unique=True))
    fields: dict[str, Any] = {"lead_id": {"kind": "id"}, "since": {"kind": "date"}}
    dates = ("first", "last")
    fields |= {
        f"v{i}": {"kind": "date" if value.startswith(dates) else "number", "is": value}
        for i, value in enumerate(values)
    }
    numbers = [name for name, field in fields.items() if field["kind"] == "number"]
    rules = [draw(each_rules(i, list(kinds))) for i in range(draw(st.integers(0, 3)))]
    rules += [
        {"name": f"plain_{name}", "when": f"{name} > 1", "points": 2, "reason": name, "group": "both"}
        for name in numbers
    ]
    card = {
        "name": "events",
        **(
            {}
            if (zone := draw(st.sampled_from(["", "UTC", "Europe/Oslo", "America/New_York"]))) == ""
            else {"time_zone": zone}
        ),
        "events": kinds,
        "fields": fields,
        "groups": {"both": draw(st.sampled_from([{"max": 7}, {"best_of": True}, {"min": -2, "max": 12.5}]))},
        "rules": rules,
    }
    if draw(st.booleans()):
        add_axes(draw, card)
    trust = draw(st.sampled_from([1.0, 0.5, 0.37]))
    return Scorecard(parse_card(yaml.safe_dump(card, sort_keys=False, allow_unicode=True)), Learned(trust=trust))


def add_axes(draw: st.DrawFn, card: dict[str, Any]) -> None:
    """Give a card axes, a stage that asks for grades of both, and to some of its parts another axis than by events."""
    share = st.sampled_from([0, 0.3, 0.5, 1])
    card["axes"] = {
        "fit": {"grades": {"A": 3, "B": 0.7}, "unknown": draw(share)},
        "engagement": {"grades": {"1": 6, "2": 2.4, "3": -1}, "unknown": draw(share)},
    }
    card["stages"] = [{"name": "lead"}, {"name": "opportunity", "fit": "B", "engagement": "2"}, {"name": "customer"}]
    card["groups"]["both"]["axis"] = draw(st.sampled_from(["fit", "engagement"]))
    for part in (*card["fields"].values(), *(rule for rule in card["rules"] if "group" not in rule)):
        if draw(st.booleans()):
            part["axis"] = "fit"


@st.composite
def event_values(draw: st.DrawFn) -> str:
    """A way of counting, often in a window."""
    kind = draw(st.sampled_from(["visit", "price_visit", "long_visit", "click", "late_click"]))
    way = draw(st.sampled_from(["count", "days", "sum", "max", "first", "last"]))
    if way in ("first", "last"):
        return f"{way}({kind})" if way == "last" or kind.endswith("visit") else f"last({kind})"
    if way in ("sum", "max"):
        kind = f"{draw(st.sampled_from(['visit', 'price_visit']))}.seconds"
    window = draw(st.sampled_from([None, *WINDOWS]))
    if window is None and kind.endswith("click"):
        window = 14  # without one, it is never known where tracking has a start
    return f"{way}({kind})" if window is None else f"{way}({kind}, {window} days)"


@st.composite
def each_rules(draw: st.DrawFn, number: int, kinds: list[str]) -> dict[str, Any]:
    """A rule that gives points for each event, or takes them."""
    points = draw(st.sampled_from([0.7, 2, 3, -1.5]))
    rule = {"name": f"each{number}", "each": draw(st.sampled_from(kinds)), "points": points, "reason": f"Rule {number}"}
    days = draw(st.sampled_from(WINDOWS))
    rule |= {"half_life": f"{days} days"} if draw(st.booleans()) else {"within": f"{days} days"}
    if draw(st.booleans()):
        rule["per_day"] = draw(st.sampled_from([3, 4.5, 7]))
    if draw(st.booleans()):
        rule["group"] = "both"
    return rule


@st.composite
def event_rows(draw: st.DrawFn, leads: int, bad: bool) -> dict[str, str | None]:
    """An event as a row of texts, of one of some leads or of none; few times and ids, so that many are alike."""

    def sometimes(values: list[Any], least: int = 2) -> Any:
        return draw(st.sampled_from(values)) if draw(st.integers(0, least)) == 0 else None

    row: dict[str, str | None] = {"lead": draw(st.sampled_from([*map(str, range(leads)), " 0 ", "99", "", None]))}
    row["kind"] = draw(st.sampled_from(KINDS if bad else KINDS[:-1]))
    row["time"] = f"{draw(st.sampled_from(DAYS))}{draw(st.sampled_from(CLOCKS))}"
    if bad and draw(st.integers(0, 30)) == 0:
        row["time"] = draw(st.sampled_from(BAD_TIMES))
    row["received"] = sometimes(
        [*map(str, DAYS[:5]), f"{AS_OF}T21:30:00Z", f"{AS_OF}T23:30:00Z", *(["never"] if bad else [])]
    )
    row["id"] = sometimes(["1", " 1", "2", "3", "  ", *(["i" * 201] if bad else [])], 1)
    row["source"] = sometimes(["web", "web ", "app"])
    row["path"], row["good"] = draw(st.sampled_from(PATHS)), draw(st.sampled_from(["yes", "0", "", None]))
    row["Seconds"] = draw(st.sampled_from([*NUMBERS, *(["many", "1.5e12"] if bad else [])]))
    row["met"] = draw(st.sampled_from([str(AS_OF), "2026-03-25", "", None]))
    row["campaign"], row["url"] = draw(st.sampled_from(CAMPAIGNS)), draw(st.sampled_from(["x", "y", "z", None]))
    row["agent"], row["links"] = draw(st.sampled_from(AGENTS)), draw(st.sampled_from(["2", "3", None]))
    row["method"] = sometimes(["GET", "Head"], 4)
    row["seconds_after_delivery"] = sometimes(["5", "10.5", "-3"], 4)
    return {column: row[column] for column in COLUMNS}
