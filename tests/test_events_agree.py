"""What events come to is the same in Python and in every engine of SQL: each count, each entry and each total."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.scoring.each_points import name_earned
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import LeadError
from leadledger.scoring.meaning.reference import tally
from leadledger.scoring.outputs import REASON_COLUMNS, list_names
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.counted_events import CountedWish, print_counted
from leadledger.scoring.printers.sql.event_rows import make_event
from leadledger.scoring.printers.sql.event_table import TOTALS, EventTable, name_total
from leadledger.scoring.printers.sql.joined_events import join_counted
from leadledger.scoring.printers.sql.query import Query, name_counted, name_part
from leadledger.scoring.printers.sql.source import find_dialect
from leadledger.scoring.scorecard import Scorecard
from tests.effort import examples
from tests.event_logs import AS_OF, COLUMNS, event_cards, event_rows
from tests.test_backends_agree import EACH, Engine, Rows, agree_on_axes
from tests.test_reasons_agree import expected_reasons

LEADS = 6
TYPES = dict.fromkeys(COLUMNS, "VARCHAR")
TABLE = EventTable("leads", TYPES)
PARTED = EventTable("(SELECT * FROM leads WHERE FALSE) AS single", TYPES, compared="leads")
SINCE = [None, "2026-03-28", "2026-03-01", "2026-03-16", "2026-03-17", "2025-01-01"]


@pytest.fixture(scope="module", params=EACH)
def backend(request: pytest.FixtureRequest) -> Iterator[tuple[Engine, Rows]]:
    """Each engine in turn, and what makes rows in it."""
    with request.param.connected(request) as rows:
        yield request.param, rows


@pytest.mark.slow
def test_events_agree(backend: tuple[Engine, Rows]) -> None:
    """Random events of random cards come to the same counts, entries and totals in Python and in each engine."""
    engine, _ = backend
    most = 120 if engine.slow else 60
    logs = st.booleans().flatmap(lambda bad: st.lists(event_rows(LEADS - 1, bad), min_size=20, max_size=most))

    @settings(max_examples=examples(2 if engine.slow else engine.cards // 3))  # planning takes most of the time
    @given(card=event_cards(), log=logs, parted=st.booleans())
    def every_log(card: Scorecard, log: list[dict[str, str | None]], parted: bool) -> None:
        agree(backend, card, log, PARTED if parted and not engine.slow else TABLE)

    every_log()


def agree(backend: tuple[Engine, Rows], card: Scorecard, log: list[dict[str, str | None]], table: EventTable) -> None:
    """A log of events comes to the same for each lead; the last lead has none."""
    (engine, rows), ready = backend, get_engine(card)
    dialect = find_dialect(engine.dialect)
    counted = print_counted(card, AS_OF, table, dialect, CountedWish(entries=True, totals=True, machines=True))
    name = dialect.name
    by_lead = f"SELECT CAST(coalesce({name('ll:lead')}, '-1') AS INTEGER) AS {name('row')}, c.* FROM ({counted}) AS c"
    counts = {row["row"]: row for row in rows(log, TYPES, by_lead)}
    scores = rows(log, TYPES, print_scores(card, counted, engine))
    assert len(scores) == LEADS
    for lead, score in enumerate(scores):
        values = ready.clean({"lead_id": str(lead), "since": SINCE[lead]}).values
        try:
            events = ready.count_events([make_event(row) for row in log if of_lead(row, lead)], AS_OF, values)
        except LeadError:
            assert score["ll:bad"]
            assert score["score"] is None
            continue
        assert events is not None
        assert not score["ll:bad"]
        expected: dict[str, Any] = {
            name_part(part, rule.rule): value for rule in events.rules for part, value in parts_of(rule).items()
        }
        expected |= {name_counted(name_earned(rule.rule)): rule.tenths for rule in events.rules}
        expected |= {name_total(total): total_of(events, total) for total in TOTALS}
        told = counts.get(lead) or dict.fromkeys(expected, 0)
        assert {column: told[column] for column in expected} == expected
        assert {field: score[f"f:{field}"] for field in events.values} == events.values
        walked = tally(card, ready.add_counts(values, events), AS_OF)
        assert (score["ll:total"], score["ll:low"], score["ll:high"]) == (walked.total, walked.low, walked.high)
        result = ready.build_result(values, AS_OF, counts=events)
        if card.card.axes:
            agree_on_axes(card, ready.add_counts(values, events), result, score, AS_OF)
        assert (score["points"], score["recommendation"]) == (result.points, result.recommendation.verdict)
        assert tuple(score[column] for column in list_names(REASON_COLUMNS)) == expected_reasons(card, result)


def print_scores(card: Scorecard, counted: str, engine: Engine) -> str:
    """The SELECT that scores the leads, whose events are in the table."""
    dialect = find_dialect(engine.dialect)
    name = dialect.name
    days = [f"CAST('{since}' AS DATE)" if since else "CAST(NULL AS DATE)" for since in SINCE]
    leads = " UNION ALL ".join(
        f"SELECT {lead} AS {name('row')}, '{lead}' AS lead_id, {day} AS since" for lead, day in enumerate(days)
    )
    id_column = ("lead_id", "VARCHAR")
    source = join_counted(card.card, f"({leads}) AS a", id_column, f"({counted})", dialect, entries=True)
    columns = {"row": "INTEGER", "lead_id": "VARCHAR", "since": "DATE"}
    query = Query(
        AS_OF, source, columns, keep=["row"], ledger=True, checks=True, fields=True, explain=True, counted=True
    )
    return sql.select(card, query, engine.dialect)


def of_lead(row: dict[str, str | None], lead: int) -> bool:
    """Whether an event is one of a lead."""
    return (row["lead"] or "").strip() == str(lead)


def parts_of(rule: Any) -> dict[str, int]:
    """The parts of what a rule earns, and of what machines would have."""
    parts = ("full", "once", "per_day", "events", "machine_events", "machine")
    return {part: getattr(rule, part) for part in parts}


def total_of(events: Any, total: str) -> int:
    """How many of the events of a lead became what."""
    unknown = sum(events.unknown_kinds.values())
    counts: dict[str, int] = {"unknown": unknown, "unreadable": 0}
    return counts[total] if total in counts else int(getattr(events, total))
