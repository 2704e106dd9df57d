"""The book holds of each lead what its scores make of it, in whatever groups they are written."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from leadledger.api.log import database, tables
from leadledger.api.log.book_rows import BookRow, DecisionChange, enter_score, write_book
from leadledger.api.log.group_commit import LogWriter, PendingEntry
from leadledger.api.log.record import Record, new_id
from leadledger.api.log.store import LogStore
from leadledger.scoring.card.reader import read_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.lead_ids import find_id_key
from leadledger.scoring.scorecard import build_untrained
from tests.api.answers import CARD
from tests.api.log.scored_leads import DAY, scored
from tests.postgres import server

TODAY = date(2026, 3, 30)
# Ids that need care: quotes, backslashes, signs beyond the first plane, two spellings of one id of Salesforce.
LEADS = ["L1", "a'b\"c\\", "ÅØ 🙂 \u2028", "00QWU000004xYZa", "00QWU000004xYZa2AM"]
BASE = get_engine(build_untrained(read_card(CARD))).score({"need": "urgent"}, TODAY)


def record(lead: str | None, day: date, minute: int = 0, at_day: date = TODAY, **result: Any) -> Record:
    """A score of a lead, answered on a minute of a day; `result` differs from that of any lead."""
    advice = {name: result.pop(name) for name in ("verdict", "at", "to", "threshold") if name in result}
    changed = replace(BASE, as_of=day, recommendation=replace(BASE.recommendation, **advice), **result)
    at = f"{at_day}T10:{minute:02}:00.000000Z"
    return Record(
        new_id(),
        at,
        lead,
        "",
        "d" * 64,
        f'{{"minute": {minute}}}',
        b"{}",
        changed,
        f"owner {minute}",
        f" lead {minute}",
    )


SCORES = st.lists(
    st.builds(
        lambda lead, back, minute, tenths, verdict, to, grade: record(
            lead, TODAY - timedelta(days=back), minute, tenths=tenths, verdict=verdict, to=to, grade=grade
        ),
        st.sampled_from([*LEADS, None]),
        st.sampled_from([-2, -1, 0, 1, 2, 5, 6, 7, 8, 13, 14, 20, 40]),
        st.integers(0, 59),
        st.integers(-500, 1500),
        st.sampled_from(["promote", "ask", "nurture"]),
        st.sampled_from(["lead", "opportunity"]),
        st.sampled_from(["A", "B"]),
    ),
    max_size=20,
)


@pytest.fixture(scope="module")
def log(url: str) -> Iterator[Engine]:
    """A log on each database."""
    engine = database.open_database(url, Path())
    yield engine
    engine.dispose()


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes."""
    with engine.execution_options(**database.WRITES).begin() as connection:
        yield connection


def read_book(engine: Engine) -> dict[str, BookRow]:
    """All rows of the book, by key."""
    with engine.connect() as connection:
        return {row.key: BookRow._make(row) for row in connection.execute(select(tables.book))}


def empty_book(engine: Engine) -> None:
    """Delete all rows of the book."""
    with writing(engine) as connection:
        connection.execute(tables.book.delete())


def list_entered(scores: Sequence[Record]) -> list[Record]:
    """Those scores of one lead that enter the book, by the rules as they are told."""
    entered: list[Record] = []
    for score in scores:
        is_older = entered and (score.result.as_of, score.at) < (entered[-1].result.as_of, entered[-1].at)
        if not is_older and score.result.as_of <= TODAY + timedelta(days=1):
            entered.append(score)
    return entered


def check_row(row: BookRow, entered: Sequence[Record]) -> None:
    """Compare a row with what the scores that entered the book say."""
    last = entered[-1]
    result, advice = last.result, last.result.recommendation
    assert (row.score_id, row.at, row.lead, row.input) == (last.id, last.at, last.lead, last.input)
    assert (row.as_of, row.tenths, row.score, row.grade) == (
        result.as_of.isoformat(),
        result.tenths,
        result.score,
        result.grade,
    )
    assert (row.recommendation, row.stage, row.to_stage) == (advice.verdict, advice.at, advice.to)
    assert row.owner == last.owner
    since = last.result.as_of
    for score in reversed(entered):
        if (score.result.recommendation.verdict, score.result.recommendation.to) != (advice.verdict, advice.to):
            break
        since = score.result.as_of
    assert row.since == since.isoformat()
    totals = {score.result.as_of: score.result.tenths for score in entered}  # the last of each day
    week_ago = [day for day in totals if day <= result.as_of - timedelta(days=7)]
    if not week_ago:
        assert (row.earlier_on, row.earlier_tenths, row.change) == (None, None, 0)
    else:
        day = date.fromisoformat(row.earlier_on or "")
        assert day in week_ago
        assert row.earlier_tenths == totals[day]
        assert row.change == result.tenths - totals[day]


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(scores=SCORES, cuts=st.sets(st.integers(1, 20), max_size=5))
def test_any_grouping_gives_what_the_scores_say(log: Engine, scores: list[Record], cuts: set[int]) -> None:
    """However scores arrive and are grouped, the book is what a slow model makes of them, and no change is lost."""
    empty_book(log)
    changes: list[DecisionChange] = []
    edges = [0, *sorted(cuts), len(scores)]
    for start, end in pairwise(edges):
        with writing(log) as connection:
            changes += write_book(connection, scores[start:end])
    book = read_book(log)
    by_key: dict[str, list[Record]] = {}
    for score in scores:
        if score.lead is not None:
            by_key.setdefault(find_id_key(score.lead), []).append(score)
    entered = {key: list_entered(of_lead) for key, of_lead in by_key.items()}
    assert set(book) == {key for key, of_lead in entered.items() if of_lead}
    for key, row in book.items():
        check_row(row, entered[key])
        decisions = [
            (score.result.recommendation.verdict, score.result.recommendation.to, score.result.grade)
            for score in entered[key]
        ]
        expected = [
            (decision, before)
            for before, decision in zip([None, *decisions], decisions, strict=False)
            if decision != before
        ]
        told = [change for change in changes if change.after.key == key]
        assert [(change.after.decision, change.before and change.before.decision) for change in told] == expected


def test_a_lead_that_is_scored_daily_is_compared_with_last_week(log: Engine) -> None:
    """The change of a lead that is scored daily is that of the last 7 to 12 days."""
    row, ages = None, set()
    for number in range(60):
        day = TODAY + timedelta(days=number)
        row = enter_score(row, record("L1", day, at_day=day, tenths=number))
        assert row is not None
        if number >= 7:
            age = (day - date.fromisoformat(row.earlier_on or "")).days
            assert row.change == age
            ages.add(age)
    assert ages == set(range(7, 13))


def test_what_sales_said_stays_across_scores(log: Engine) -> None:
    """A rejection and a snooze outlive the scores that come after them."""
    empty_book(log)
    with writing(log) as connection:
        write_book(connection, [record("L1", TODAY)])
        connection.execute(tables.book.update().values(rejected_on="2026-03-01", snoozed_until="2026-05-01"))
    with writing(log) as connection:
        write_book(connection, [record("L1", TODAY, 1), record("L1", TODAY, 2, tenths=5)])
    row = read_book(log)["L1"]
    assert (row.tenths, row.rejected_on, row.snoozed_until) == (5, "2026-03-01", "2026-05-01")


def test_groups_of_any_size(log: Engine) -> None:
    """Every lead of a group is entered, however many there are."""
    empty_book(log)
    for size in (1, 3, 63, 64, 65, 200):
        with writing(log) as connection:
            changes = write_book(connection, [record(f"{size} {number}", TODAY) for number in range(size)])
        assert len(changes) == size
    assert len(read_book(log)) == 396


@pytest.mark.slow
def test_two_workers_write_the_same_leads() -> None:
    """Workers that score the same leads at once neither lock each other out nor lose or repeat a change."""
    leads = [f"L{number}" for number in range(12)]
    with server() as url:
        engine = database.open_database(url, Path())
        changes: list[DecisionChange] = []
        failures: list[Exception] = []

        def write(worker: int) -> None:
            drawn = random.Random(worker)
            for minute in range(60):
                sample = drawn.sample(leads, 8)
                scores = [record(lead, TODAY, minute, verdict=drawn.choice(["promote", "ask"])) for lead in sample]
                try:
                    with writing(engine) as connection:
                        changes.extend(write_book(connection, scores))
                except SQLAlchemyError as error:
                    failures.append(error)

        run_at_once(write)
        book = read_book(engine)
        engine.dispose()
    assert failures == []
    for lead in leads:
        of_lead = [change for change in changes if change.after.key == lead]
        assert sum(change.before is None for change in of_lead) == 1
        # As many changes lead to a decision as lead away from it, but for the last one.
        verdicts = Counter(change.after.recommendation for change in of_lead)
        verdicts.subtract(change.before.recommendation for change in of_lead if change.before)
        assert +verdicts == {book[lead].recommendation: 1}


def test_workers_write_what_is_being_forgotten() -> None:
    """While leads are forgotten, workers that score them write everything, however often they meet."""
    leads = [f"L{number}" for number in range(4)]
    minutes = 40
    with server() as url:
        engine = database.open_database(url, Path())
        writers = [LogWriter(engine) for _ in range(3)]
        for minute in range(minutes):
            for writer in writers:
                writer.add(PendingEntry([record(lead, TODAY, minute) for lead in leads], None, None))
            LogStore(engine).forget(leads[minute % 4])
        for writer in writers:
            writer.stop()
        assert [writer.error for writer in writers] == ["", "", ""]
        book, scores = read_book(engine), tables.scores
        with engine.connect() as connection:
            assert connection.execute(select(func.count()).select_from(scores)).scalar_one() == minutes * 3 * len(leads)
            known = connection.execute(select(scores.c.lead).where(scores.c.lead.is_not(None)).distinct()).scalars()
            assert set(book) == set(known)
        engine.dispose()


def run_at_once(work: Callable[[int], None], workers: int = 3) -> None:
    """Run a function in several threads, each with its number, to their ends."""
    threads = [threading.Thread(target=work, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_the_service_writes_the_book(client: TestClient, url: str) -> None:
    """A score of the service enters the book with its answer; one without an id doesn't."""
    answer = scored(client)
    client.post("/v1/score", json={"lead": {"need": "urgent"}, "as_of": DAY})
    engine = database.open_database(url, Path())
    (row,) = read_book(engine).values()
    engine.dispose()
    assert (row.key, row.score_id, row.as_of) == ("L1", answer["id"], DAY)
    assert (row.tenths / 10, row.probability, row.grade) == (answer["points"], answer["probability"], answer["grade"])
    assert (row.recommendation, row.stage, row.to_stage) == (answer["recommendation"], answer["from"], answer["to"])
    assert (row.distance or 0) / 10 == pytest.approx(answer["points"] - (answer["line"] or answer["points"]))
