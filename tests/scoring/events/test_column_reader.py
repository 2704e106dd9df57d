"""Reading the events of a lead in columns: the same as one by one, whatever they are."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import BadValue, LeadError
from leadledger.scoring.events.column_reader import ColumnReader
from leadledger.scoring.events.event_columns import ALWAYS
from leadledger.scoring.events.event_time import make_time_reader
from leadledger.scoring.events.time_columns import TimeColumns
from leadledger.scoring.scorecard import build_untrained

CARD = """
name: web
time_zone: Europe/Oslo
events:
  visit:
    fields:
      path: {kind: text, values: [/, /pricing], other: yes}
      title: {kind: text}
      seconds: {kind: number}
      scrolled: {kind: number, missing: [0]}
      first: {kind: flag}
      since: {kind: date}
      topics: {kind: choices, values: [crm, erp]}
  click: {from: Clicked Link, fields: {campaign: {kind: text, from: utm_campaign}}}
fields:
  seconds: {kind: number, is: "sum(visit.seconds)"}
"""
DAY = date(2026, 1, 15)


def make_reader() -> ColumnReader:
    """The reader of a card that knows nothing yet."""
    counter = get_engine(build_untrained(parse_card(CARD))).counter
    assert counter is not None
    return counter.reader


READER = make_reader()
TIMES = [f"2026-01-{day:02}T{hour}" for day in (1, 12, 31) for hour in ("00:00:00+01:00", "23:59:59.999Z", "10:00:00Z")]
AWKWARD: list[Any] = [
    None,
    "",
    " ",
    "a" * 300,
    "\ud800",
    0,
    1.5,
    float("nan"),
    float("inf"),
    True,
    [],
    {},
    ["a"],
    10**400,
    DAY,
]
MEMBERS = {
    "kind": ["visit", "Visit", " visit ", "click", "price_visit", *AWKWARD],
    "time": [*TIMES, "2026-01-13", "2026-13-01", "2026-01-13T25:00:00Z", "2026-W01-1", *AWKWARD],
    "received": ["2026-01-14", *AWKWARD],
    "id": ["1", " 1 ", "é", *AWKWARD],
    "source": ["web", *AWKWARD],
    "properties": [
        *AWKWARD,
        *({"path": raw, "seconds": 1} for raw in AWKWARD),
        *({"seconds": raw} for raw in AWKWARD),
        *({"scrolled": raw, "first": raw, "topics": raw} for raw in AWKWARD),
        {"Title": "a", "title": "a"},
        {"title": "a", 5: "b"},
    ],
    "type": ["page", "track", *AWKWARD],
    "event": ["visit", *AWKWARD],
}


USUAL = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["visit", "click", "Clicked Link", "webinar"]),
        "time": st.sampled_from(TIMES),
        "properties": st.fixed_dictionaries(
            {},
            optional={
                "path": st.sampled_from(["/", "/Pricing", "/blog", "n/a"]),
                "title": st.sampled_from(["Home", " Home", "-"]),
                "seconds": st.sampled_from([1, 2.5, -0.0, 1e12, "7", None, float("nan")]),
                "scrolled": st.sampled_from([0, 1, 2]),
                "first": st.sampled_from([True, "no"]),
                "since": st.sampled_from(["2026-01-01", DAY]),
                "topics": st.sampled_from(["crm;erp", ["crm"]]),
                "utm_campaign": st.sampled_from(["spring", "autumn"]),
            },
        ),
    },
    optional={
        "id": st.sampled_from(["1", "2", 1]),
        "source": st.sampled_from(["web", "app", None]),
        "received": st.sampled_from([None, "2026-01-14", "2026-01-31T23:30:00Z"]),
    },
)
ODD = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in MEMBERS.items()})


def count_rows(reader: ColumnReader, events: list[Any]) -> Counter[str]:
    """The events as columns have them, without order, each as a text."""
    rows: Counter[str] = Counter()
    for kind, columns in reader.read(events, "$.events").by_kind.items():
        columns.qualify()
        received = columns.received or [ALWAYS] * len(columns)
        lists = (columns.days, columns.instants, received, columns.identities, *columns.values.values())
        for day, instant, known, identity, *values in zip(*lists, strict=True):
            rows[show(kind, day, instant, known, identity, dict(zip(columns.values, values, strict=True)))] += 1
    return rows


def show(kind: str, day: int, instant: datetime | None, received: int, identity: Any, values: Any) -> str:
    """An event as a text, which tells 1 from 1.0 and True."""
    moment = instant and instant.astimezone(UTC)
    told = tuple(part.astimezone(UTC) if isinstance(part, datetime) else part for part in identity)
    return repr((kind, day, moment, received, told, values))


@given(st.lists(USUAL | ODD, max_size=8))
def test_columns_hold_what_events_are(events: list[dict[str, Any]]) -> None:
    """Events that are read together are what they are one by one, and refused with the same mistakes."""
    problems: list[BadValue] = []
    expected: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for number, raw in enumerate(events):
        event = READER.thorough.read(raw, f"$.events[{number}]", problems)
        if isinstance(event, str):
            unknown[event] += 1
        elif event is not None:
            received = event.received.toordinal() if event.received else ALWAYS
            day = event.day.toordinal()
            expected[show(event.kind, day, event.instant, received, event.identity, dict(event.values))] += 1
    assert all(problem.path.startswith("$.events[") and problem.reason for problem in problems)
    if problems:
        with pytest.raises(LeadError) as caught:
            READER.read(events, "$.events")
        assert list(map(repr, caught.value.problems)) == list(map(repr, problems))
        return
    assert count_rows(READER, events) == expected
    assert READER.read(events, "$.events").unknown_kinds == unknown


def test_usual_events_are_read_together() -> None:
    """Events as programs write them need no second look; of a hundred with an odd one, only that does."""
    event = {"kind": "visit", "id": "1", "source": "web", "time": "2026-01-31T10:00:00Z", "properties": {"seconds": 1}}
    reader = make_reader()
    seen: list[Any] = []
    read = reader.thorough.read
    reader.thorough.read = lambda raw, *rest: seen.append(raw) or read(raw, *rest)  # type: ignore[method-assign,func-returns-value]
    for time in ("2026-01-31T10:00:00Z", "2026-01-31T10:00:00.123Z", "2026-01-31T10:00:00+01:00", "2026-01-31"):
        reader.read([{**event, "time": time, "id": str(i)} for i in range(100)], "$")
    for other in (
        {"source": None},
        {"received": "2026-02-01"},
        {"id": 7},
        {"kind": "webinar"},
        {"properties": None},
        {"id": None},
    ):
        reader.read([{**event, **other}] * 100, "$")
        reader.read([event, {**event, **other}] * 100, "$")
    reader.read([{name: part for name, part in event.items() if name != "id"}] * 100, "$")
    assert seen == []
    odd = {**event, "id": " 1 "}
    assert len(reader.read([event, odd, *[event] * 100], "$").by_kind["visit"]) == 102
    assert odd in seen
    assert len(seen) <= 16


ZONES = ["UTC", "Europe/Oslo", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia", "America/Havana"]


@given(
    st.sampled_from(ZONES),
    st.lists(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 28)), min_size=1, max_size=5),
    st.sampled_from([0, 60, -210]),
    st.sampled_from(["seconds", "milliseconds", "microseconds"]),
)
def test_times_of_a_column(zone: str, times: list[datetime], offset: int, precision: str) -> None:
    """Times that are written alike have the days and instants that each of them has."""
    read_time = make_time_reader(zone, True)
    away = UTC if not offset else timezone(timedelta(minutes=offset))
    texts = [time.replace(tzinfo=away).isoformat(timespec=precision).replace("+00:00", "Z") for time in times]
    expected = [read_time(text) for text in texts]
    days, instants = TimeColumns(zone, read_time).read(texts)
    assert (days, instants) == ([time.day.toordinal() for time in expected], [time.instant for time in expected])


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("Europe/Oslo", "2026-03-29T01:00:00"),
        ("America/St_Johns", "2010-11-07T02:31:00"),  # from one minute past midnight back to the day before
        ("Pacific/Apia", "2011-12-30T10:00:00"),  # a day that never was
    ],
)
def test_times_about_a_change_of_the_clock(zone: str, change: str) -> None:
    """Every minute of the hours about a change is on its day."""
    read_time = make_time_reader(zone, True)
    first = datetime.fromisoformat(change) - timedelta(hours=2)
    texts = [f"{first + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%S}Z" for minutes in range(240)]
    days, _ = TimeColumns(zone, read_time).read(texts)
    assert days == [read_time(text).day.toordinal() for text in texts]


@pytest.mark.parametrize("time", ["2026-W01-1T10:00:00Z", "20260113T100000.000Z", "2026-01-13T25:00:00Z", "2026-02-30"])
def test_no_times(time: str) -> None:
    """A form that only Python reads, or a time that no day has, is refused in a column, too."""
    event = {"kind": "visit", "time": time}
    with pytest.raises(LeadError) as caught:
        READER.read([event] * 3, "$.events")
    reason = "write it like 2026-01-31T10:00:00Z, or a day alone, 2026-01-31"
    assert [str(problem) for problem in caught.value.problems] == [
        f"$.events[{number}].time: '{time}' is not a time; {reason}" for number in range(3)
    ]
