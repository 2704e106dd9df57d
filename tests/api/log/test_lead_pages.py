"""Pages of lists of leads: together they are the whole list, in order, whatever is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from leadledger.api.log import database, lead_pages, tables
from leadledger.api.log.book_rows import BookRow, write_rows
from leadledger.api.log.book_store import BookStore
from leadledger.api.log.lead_lists import LEAD_ORDERS, LeadFilters, LeadList, LeadPosition
from leadledger.api.log.lead_titles import fold_title
from leadledger.api.log.record import encode_input
from leadledger.scoring.outputs import VERDICTS
from tests.api.hooks.decisions import book_row

TODAY = "2026-03-30"
SHORT, LONG = "00QWU000004xYZa", "00QWU000004xYZa2AM"
IDS = ["L1", "L2", "L10", "l1", "M 1", "50%", "_x", "a'b\"c\\", "Å", "🙂", "\u2028", "M\U0010fffe"]
# Texts that look like parts of the JSON in which they are kept, and some that PostgreSQL's JSON refuses.
TEXTS = ["SE", 'SE", "x": "', '"country": "NO"', '}, "ignored": [', "\0", "\ud800", "Å\\", "", None]
NUMBERS = [250.0, 25.0, 0.1, -0.0, 1e300, None]


def make_input(country: str | None, employees: float | None) -> str:
    """The kept values of a lead."""
    return encode_input({"country": country, "employees": employees}, ("country",))


ROWS = st.lists(
    st.builds(
        lambda key, verdict, **columns: book_row(key, recommendation=verdict, **columns),
        st.sampled_from(IDS),
        st.sampled_from(VERDICTS),
        tenths=st.sampled_from([-10, 0, 500, 620]),
        probability=st.sampled_from([None, 0.0, 0.1, 0.123456, 1.0]),
        change=st.sampled_from([-5, 0, 5]),
        since=st.sampled_from(["2026-01-01", "2026-03-01"]),
        grade=st.sampled_from(["A", "B"]),
        stage=st.sampled_from(["lead", "opportunity"]),
        to_stage=st.sampled_from(["lead", "opportunity"]),
        owner=st.sampled_from(["", "Ann", "an 'o\"wner"]),
        snoozed_until=st.sampled_from([None, TODAY, "2026-03-31"]),
        answered_on=st.sampled_from([None, "2026-01-31", "2026-03-01"]),
        rejected_on=st.sampled_from([None, None, "2026-01-31"]),
        title=st.sampled_from(["", " larch as", " moller berg co", " l etoile", " 50"]),
        input=st.builds(make_input, st.sampled_from(TEXTS), st.sampled_from(NUMBERS)),
    ),
    unique_by=lambda row: row.key,
    max_size=12,
)
FIELDS = st.lists(
    st.sampled_from([*(("country", text) for text in TEXTS), *(("employees", number) for number in NUMBERS)]),
    max_size=1,
).map(lambda fields: tuple((name, None if value is None else json.dumps(value)) for name, value in fields))
FILTERS = st.builds(
    LeadFilters,
    recommendations=st.one_of(st.just(()), st.sets(st.sampled_from(VERDICTS), max_size=4).map(tuple)),
    grades=st.sampled_from([(), (), ("A",), ("A", "B")]),
    stages=st.sampled_from([(), (), ("lead",)]),
    to_stages=st.sampled_from([(), (), ("lead",), ("lead", "opportunity")]),
    owner=st.sampled_from([None, None, "", "Ann", "an 'o\"wner"]),
    snoozed=st.sampled_from([None, None, True, False]),
    today=st.just(TODAY),
    id_start=st.sampled_from(["", "", "L", "L1", "M", "%", "_", "'", "\U0010fffe"]),
    search=st.sampled_from([*[""] * 6, "L", "Larch", "bérg", "Berg Co", "erg", "50%", "'", "étoile"]),
    new_since=st.sampled_from(["", "", "2026-01-01", "2026-02-01", "2026-04-01"]),
    back_by=st.sampled_from(["", "", "", TODAY, "2026-04-05"]),
    waits=st.sampled_from([None, None, True, False]),
    rejected=st.sampled_from([None, None, True, False]),
    keys=st.sampled_from([None, None, (), ("L1", "Å", "nobody")]),
    fields=FIELDS,
)


@pytest.fixture(scope="module")
def log(url: str) -> Iterator[Engine]:
    """A log on each database."""
    engine = database.open_database(url, Path())
    yield engine
    engine.dispose()


def is_wanted(row: BookRow, filters: LeadFilters) -> bool:
    """Whether a lead meets the filters, as they are told."""
    values = json.loads(row.input)["values"]
    is_snoozed = row.snoozed_until is not None and row.snoozed_until > filters.today
    return (
        (not filters.recommendations or row.recommendation in filters.recommendations)
        and (not filters.grades or row.grade in filters.grades)
        and (not filters.stages or row.stage in filters.stages)
        and (not filters.to_stages or row.to_stage in filters.to_stages)
        and filters.owner in (None, row.owner)
        and filters.snoozed in (None, is_snoozed)
        and row.key.startswith(filters.id_start)
        and (not filters.search or row.key.startswith(filters.search) or is_titled(row.title, filters.search))
        and row.since >= filters.new_since
        and (not filters.back_by or (row.snoozed_until is not None and TODAY <= row.snoozed_until <= filters.back_by))
        and filters.waits in (None, row.answered_on is None or row.answered_on < row.since)
        and filters.rejected in (None, row.rejected_on is not None and row.rejected_on >= row.since)
        and (filters.keys is None or row.key in filters.keys)
        and all(
            name not in values if value is None else name in values and json.dumps(values[name]) == value
            for name, value in filters.fields
        )
    )


def is_titled(title: str, search: str) -> bool:
    """Whether some words of a title begin as a search does."""
    words, wanted = title.split(), fold_title(search).split()
    return bool(wanted) and any(
        words[place : place + len(wanted) - 1] == wanted[:-1]
        and words[place + len(wanted) - 1 : place + len(wanted)]
        and words[place + len(wanted) - 1].startswith(wanted[-1])
        for place in range(len(words))
    )


def order_of(row: BookRow, order: str) -> Any:
    """What orders a lead."""
    probability = -1.0 if row.probability is None else row.probability
    values = {"points": row.tenths, "probability": probability, "change": row.change, "since": row.since}
    return values.get(order, row.key), row.key


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(
    rows=ROWS,
    filters=FILTERS,
    order=st.sampled_from(LEAD_ORDERS),
    descending=st.booleans(),
    limit=st.integers(1, 5),
    most_sorted=st.sampled_from([0, 2, 2000]),
    rare=st.sampled_from([0, 2, 10_000]),
)
def test_pages_are_the_list(
    log: Engine,
    rows: list[BookRow],
    filters: LeadFilters,
    order: Any,
    descending: bool,
    limit: int,
    most_sorted: int,
    rare: int,
) -> None:
    """All pages, one after another, are the leads that are wanted, in their order, each once."""
    with log.execution_options(**database.WRITES).begin() as connection:
        connection.execute(tables.book.delete())
        write_rows(connection, rows, {})
    store, wanted = BookStore(log), LeadList(filters, order, descending, None, limit)
    expected = sorted((row for row in rows if is_wanted(row, filters)), key=lambda row: order_of(row, order))
    listed: list[BookRow] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lead_pages, "MOST_SORTED_LEADS", most_sorted)
        patch.setattr(lead_pages, "RARE_IN_SAMPLE", rare)
        while True:
            page = store.list_leads(wanted)
            listed += page.rows
            if page.end is None:
                break
            assert len(page.rows) == limit
            wanted = replace(wanted, after=page.end)
    assert [row.key for row in listed] == [row.key for row in (expected[::-1] if descending else expected)]
    assert {row.key: row for row in listed} == {row.key: row for row in expected}


def test_a_lead_that_moves_hides_no_other(log: Engine) -> None:
    """While leads are scored between two pages, each lead that stays where it is comes once."""
    rows = [book_row(f"L{number}", tenths=number) for number in range(10)]
    with log.execution_options(**database.WRITES).begin() as connection:
        connection.execute(tables.book.delete())
        write_rows(connection, rows, {})
    first = BookStore(log).list_leads(LeadList(limit=4))
    assert first.end == LeadPosition(6, "L6")
    with log.execution_options(**database.WRITES).begin() as connection:
        moved = [rows[6], rows[0]]
        write_rows(connection, [row._replace(tenths=99) for row in moved], {row.key: row for row in moved})
    rest = BookStore(log).list_leads(LeadList(limit=50, after=first.end))
    assert [row.key for row in rest.rows] == ["L5", "L4", "L3", "L2", "L1"]


def test_one_lead_and_those_like_it(log: Engine) -> None:
    """A lead is found under either spelling of its id; for one that isn't there, those that are like it."""
    with log.execution_options(**database.WRITES).begin() as connection:
        connection.execute(tables.book.delete())
        write_rows(connection, [book_row(SHORT)._replace(lead=LONG), book_row("A-1001")], {})
    store = BookStore(log)
    for lead in (SHORT, f" {LONG} "):
        row = store.read_lead(lead)
        assert row is not None
        assert row.lead == LONG
    assert store.read_lead("a-1001") is None
    assert store.find_similar("a-1001") == ["A-1001"]
    assert store.find_similar("A-1002") == ["A-1001"]
    assert store.find_similar("") == []
