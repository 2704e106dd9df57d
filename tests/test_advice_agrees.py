"""Advice over time is the same in Python and in every engine of SQL, whatever is remembered of a lead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import LeadError
from leadledger.scoring.gate import CoolDown, Hold, Threshold
from leadledger.scoring.memory import MEMORY_KINDS
from leadledger.scoring.outputs import VERDICTS
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.cleaning import TYPE_OF_KIND
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import Learned, Scorecard, build_untrained
from tests import strategies
from tests.effort import draw_examples, examples
from tests.test_backends_agree import EACH, Engine, Rows, printed
from tests.test_clouds import translated
from tests.test_googlesql import googlesql_rows

AS_OF = date(2026, 3, 16)
TEXT = """
name: advice
fields:
  lead_id: {kind: id}
  stage: {kind: text, learn: no}
  need: {kind: flag}
  owes: {kind: flag}
  worth: {kind: number, ask: "What is it worth?"}
  answered_on: {kind: date}
criteria:
  needs: {met: need}
rules:
  - {name: some, when: worth >= 1, points: 6, reason: Worth something}
  - {name: more, when: worth >= 2, points: 6, reason: Worth more}
  - {name: much, when: worth >= 3, points: 6, reason: Worth much}
exclude:
  - {name: owes, when: owes, reason: Owes us}
stages:
  - {name: contact}
  - {name: lead, requires: [needs], points: 60, hold: {band: 5, days: 14}, cool_down: {days: 30, unless: answered_on}}
  - {name: opportunity, points: 65, hold: {band: 0.1, days: 1}}
  - {name: offer, requires: [needs], cool_down: 10 days}
  - {name: trial, probability: {precision: 0.7}, requires: [needs], hold: {band: 8, days: 3}}
  - {name: customer, points: 40}
"""
CARD = build_untrained(parse_card(TEXT))
CLOSED = Threshold(closed="no threshold can promise it")
CARDS = {
    "rules alone": CARD,
    "a closed gate": Scorecard(CARD.card, Learned(thresholds={"trial": CLOSED, "lead": CLOSED})),
    "a stage that explores": build_untrained(
        parse_card(TEXT.replace("hold: {band: 5", "explore: 20 %, hold: {band: 5"))
    ),
    "learned thresholds": Scorecard(CARD.card, Learned(thresholds={"trial": Threshold(560), "lead": Threshold(620)})),
}
NEAR = st.sampled_from([0, 1, 2, 3, 9, 10, 13, 14, 15, 29, 30, 31, -1, -2]).map(lambda days: AS_OF - timedelta(days))
DAYS = st.none() | NEAR | NEAR | NEAR | st.sampled_from([date.min, date.max])
STAGES = ["contact", "lead", "opportunity", "offer", "trial", "customer"]
LEADS = st.fixed_dictionaries(
    {
        "lead_id": st.none() | st.integers(1, 10_000).map(str),
        "stage": st.sampled_from([None, *STAGES]),
        "need": st.sampled_from([True, True, None, False]),
        "owes": st.sampled_from([False, False, False, True]),
        "worth": st.sampled_from([None, 0.0, 1.0, 2.0, 3.0]),
        "answered_on": DAYS,
        "last_recommendation": st.sampled_from(
            [None, "Promote", "promote", "promote", "demote", "demote", *VERDICTS, "?"]
        ),
        "recommended_to": st.sampled_from([None, "another", " LEAD", *STAGES]),
        "recommended_since": DAYS,
        "below_since": DAYS,
        "rejected_on": DAYS,
    }
)
TYPES = {field.name: TYPE_OF_KIND[field.kind] for field in CARD.card.plain_fields}


@cache
def draw_leads() -> list[dict[str, Any]]:
    """Leads with all kinds of memories; a third are those of the stage ahead, so that they count."""
    drawn = draw_examples(st.lists(LEADS, min_size=40, max_size=40), 40)
    leads = [lead for leads in drawn for lead in leads]
    ahead: dict[Any, str] = dict(pairwise(STAGES))
    return [
        {**lead, "recommended_to": ahead.get(lead["stage"], "lead")} if number % 3 else lead
        for number, lead in enumerate(leads)
    ]


@pytest.fixture(scope="module", params=EACH)
def backend(request: pytest.FixtureRequest) -> Iterator[tuple[Engine, Rows]]:
    """Each engine in turn, and what makes rows of leads in it."""
    with request.param.connected(request) as rows:
        yield request.param, rows


def check_advice(card: Scorecard, dialect: str, rows: Rows, step: int = 1) -> None:
    """Each lead has the same verdict, stage and days in Python and in an engine of SQL, or none if it can't be read."""
    leads, seen, draws = draw_leads()[::step], set(), set()
    query = Query(AS_OF, columns={"row": "INTEGER", **TYPES}, keep=["row"], checks=True)
    for lead, row in zip(leads, rows(leads, TYPES, sql.select(card, query, dialect)), strict=True):
        printed = tuple(row[name] for name in ("recommendation", "recommended_since", "below_since"))
        try:
            values = get_engine(card).clean(lead).values
        except LeadError:
            assert row["ll:bad"]
            assert printed == (None, None, None)
            continue
        result = get_engine(card).build_result(values, AS_OF)
        advice = result.recommendation
        assert printed == (advice.verdict, result.recommended_since, result.below_since), lead
        assert row["ll:to"] == advice.to
        if card.card.explores:
            assert row["propensity"] == result.propensity
            draws.add((result.propensity, advice.verdict == "promote"))
        seen.add((advice.verdict, result.below_since is not None, result.recommended_since == AS_OF))
    expected = {(0.0, False), (0.2, False), (0.2, True), (1.0, True)}
    assert draws == (expected if card.card.explores else set())
    if card is CARD:  # the leads are of all kinds
        assert {verdict for verdict, _, _ in seen} == set(VERDICTS)
        assert {below for verdict, below, _ in seen if verdict == "demote"} == {True, False}
        assert {is_new for verdict, _, is_new in seen if verdict == "promote"} == {True, False}


@pytest.mark.slow
@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_advice_over_time_agrees(backend: tuple[Engine, Rows], card: Scorecard) -> None:
    """Verdict, stage and both days are equal in Python and in each engine."""
    check_advice(card, backend[0].dialect, backend[1])


@st.composite
def scorecards_that_remember(draw: st.DrawFn) -> Scorecard:
    """A random card whose stages keep promotions and heed rejections, with axes or without."""
    scorecard = draw(strategies.scorecards() | strategies.scorecards_with_axes())
    holds = st.none() | st.builds(Hold, st.sampled_from([1, 50, 200]), st.sampled_from([1, 14, 30]))
    cool_downs = st.none() | st.builds(CoolDown, st.sampled_from([1, 10, 30]), st.sampled_from(["", "d1"]))
    stages = [
        stage if stage.name in ("contact", "customer") else replace(stage, hold=draw(holds), cool_down=draw(cool_downs))
        for stage in scorecard.card.stages
    ]
    memory = {name: replace(CARD.card.fields[name], axis=scorecard.card.fields["d1"].axis) for name in MEMORY_KINDS}
    return replace(
        scorecard, card=replace(scorecard.card, stages=tuple(stages), fields={**scorecard.card.fields, **memory})
    )


MEMORIES = LEADS.map(lambda lead: {name: lead[name] for name in MEMORY_KINDS})


@pytest.mark.slow
def test_any_card_that_remembers_agrees(backend: tuple[Engine, Rows]) -> None:
    """Whatever else a card does with a lead, Python and each engine advise the same of it."""
    engine, rows = backend
    types = {name: TYPE_OF_KIND[field.kind] for name, field in strategies.PLAIN.items()}
    types |= {name: TYPES[name] for name in MEMORY_KINDS}
    leads = st.tuples(strategies.LEADS.filter(engine.holds), MEMORIES).map(lambda parts: parts[0] | parts[1])

    @settings(max_examples=examples(max(engine.cards // 2, 2)))
    @given(card=scorecards_that_remember(), raw=st.lists(leads, min_size=engine.leads, max_size=engine.leads))
    def every_card(card: Scorecard, raw: list[dict[str, Any]]) -> None:
        query = Query(AS_OF, columns={"row": "INTEGER", **types}, keep=["row"])
        for lead, row in zip(raw, rows(raw, types, printed(card, query, engine)), strict=True):
            try:
                result = get_engine(card).score(lead, AS_OF)
            except LeadError:
                assert row["recommendation"] is None
                continue
            remembers = bool(card.card.memory_fields)
            days = (row["recommended_since"], row["below_since"]) if remembers else (None, None)
            assert (row["recommendation"], *days) == (
                *(result.recommendation.verdict, result.recommended_since, result.below_since),
            )

    every_card()


@pytest.mark.slow
def test_advice_agrees_in_googlesql() -> None:
    """GoogleSQL's evaluator, which speaks BigQuery's language, gives the same advice."""
    with googlesql_rows() as rows:  # it interprets, and takes a hundred times as long as an engine
        check_advice(CARD, "bigquery", rows, step=4)


@pytest.mark.slow
@pytest.mark.parametrize("dialect", ["bigquery", "snowflake"])
def test_advice_agrees_in_translation(dialect: str) -> None:
    """What is printed for the clouds, translated to DuckDB, gives the same advice."""
    with contextmanager(translated)(dialect) as rows:
        check_advice(CARD, dialect, rows)


def test_each_lead_as_of_its_own_day(backend: tuple[Engine, Rows]) -> None:
    """The day may come from a field; a history can also be told to look at the leads alone."""
    engine, rows = backend
    lead = {"need": True, "worth": 1.0, "last_recommendation": "promote", "recommended_to": "lead"}
    blank = dict.fromkeys(TYPES)
    leads = [
        {**blank, **lead, "answered_on": date(2026, 3, 1), "recommended_since": date(2026, 3, 1)},
        {**blank, **lead, "answered_on": date(2026, 3, 1), "recommended_since": date(2026, 3, 2)},
    ]
    query = Query("answered_on", columns={"row": "INTEGER", **TYPES}, keep=["row"])
    card = Scorecard(CARD.card, Learned(thresholds={"lead": Threshold(590)}))
    remembered = rows(leads, TYPES, sql.select(card, query, engine.dialect))
    assert [row["recommendation"] for row in remembered] == ["promote", "nurture"]
    assert [row["recommended_since"] for row in remembered] == [date(2026, 3, 1)] * 2
    alone = rows(leads, TYPES, sql.select(card, replace(query, remember=False), engine.dialect))
    assert [row["recommendation"] for row in alone] == ["nurture", "nurture"]
    assert "recommended_since" not in alone[0]
