"""The reasons that SQL words are those of the ledger, word for word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.scoring.card.condition import KnownField, parse_condition
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import LeadError
from leadledger.scoring.field import Field
from leadledger.scoring.outputs import REASON_COLUMNS, REASONS_PER_SIDE, list_names
from leadledger.scoring.printers.sql import cleaning
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.printers.sql.reasons import LARGEST_INTEGER
from leadledger.scoring.result import Entry, Result, format_entry
from leadledger.scoring.rule import Rule
from leadledger.scoring.scorecard import Card, Scorecard, build_untrained
from tests.effort import examples
from tests.strategies import AS_OF, LEADS, PLAIN, scorecards
from tests.test_backends_agree import EACH, Engine, Rows, printed

TYPES = {name: cleaning.TYPE_OF_KIND[field.kind] for name, field in PLAIN.items()}


@pytest.fixture(scope="module", params=EACH)
def backend(request: pytest.FixtureRequest) -> Iterator[tuple[Engine, Rows]]:
    """Each engine in turn, and what makes rows of leads in it."""
    with request.param.connected(request) as rows:
        yield request.param, rows


def reason_texts(
    backend: tuple[Engine, Rows], card: Scorecard, leads: list[dict[str, Any]], types: dict[str, str] = TYPES
) -> list[tuple[str | None, ...]]:
    """What SQL says of each lead, in their order: the gains, then the losses."""
    engine, rows = backend
    query = Query(AS_OF, columns={"row": "INTEGER", **types}, explain=True, keep=["row"])
    scored = rows(leads, types, printed(card, query, engine))
    return [tuple(row[name] for name in list_names(REASON_COLUMNS)) for row in scored]


def expected(card: Scorecard, lead: dict[str, Any]) -> tuple[str | None, ...]:
    """What the ledger says: the largest and the lowest entries but the start and the groups; ties in its order."""
    try:
        result = get_engine(card).build_result(get_engine(card).clean(lead).values, AS_OF)
    except LeadError:
        return (None,) * len(list_names(REASON_COLUMNS))
    return expected_reasons(card, result)


def expected_reasons(card: Scorecard, result: Result) -> tuple[str | None, ...]:
    """The largest and the lowest entries of a result; a rule for each event is one entry, behind all others."""
    each = {rule.name for rule in card.card.each_rules}
    entries = [
        entry for entry in result.ledger if entry.kind not in ("start", "group", "cap") and entry.name not in each
    ]
    words = {entry.name: entry.reason for entry in result.ledger if entry.kind == "rule"}
    earned = result.events.rules if result.events is not None else ()
    entries += [Entry(rule.rule, "rule", rule.tenths, words[rule.rule]) for rule in earned if rule.tenths]
    gains = sorted((entry for entry in entries if entry.tenths > 0), key=lambda entry: -entry.tenths)
    losses = sorted((entry for entry in entries if entry.tenths < 0), key=lambda entry: entry.tenths)
    texts: list[str | None] = []
    for side in (gains, losses):
        strongest = [format_entry(entry.tenths, entry.reason) for entry in side[:REASONS_PER_SIDE]]
        texts += [*strongest, *[None] * (REASONS_PER_SIDE - len(strongest))]
    return tuple(texts)


@pytest.mark.slow
def test_reasons_agree_with_the_ledger(backend: tuple[Engine, Rows]) -> None:
    """The strongest entries of every lead are named in SQL as in Python; a lead that can't be read has none."""
    engine, _ = backend
    cards = engine.cards // 2 if engine.slow else engine.cards  # the more a SELECT says, the longer it takes to compile

    @settings(max_examples=examples(cards))
    @given(card=scorecards(), leads=st.lists(LEADS.filter(engine.holds), min_size=engine.leads, max_size=engine.leads))
    def every_card(card: Scorecard, leads: list[dict[str, Any]]) -> None:
        assert reason_texts(backend, card, leads) == [expected(card, lead) for lead in leads]

    every_card()


@given(card=scorecards(), lead=LEADS)
def test_recommendations_name_the_same_entries(card: Scorecard, lead: dict[str, Any]) -> None:
    """All that SQL names stands among the reasons of the recommendation too, unless the lead is excluded."""
    try:
        advice = get_engine(card).score(lead, AS_OF).recommendation
    except LeadError:
        return
    if advice.verdict != "disqualify":
        assert {reason for reason in expected(card, lead) if reason} <= set(advice.reasons)


def rules(points: list[int]) -> Scorecard:
    """A card whose rules all hold where `known` is true, with so many tenths each."""
    when = parse_condition("known", {"known": KnownField("flag")})
    made = tuple(Rule(f"r{i}", when, tenths, f"Rule {i}") for i, tenths in enumerate(points))
    return build_untrained(Card("many", fields={"known": Field("known", "flag")}, rules=made))


# The last: as large as they fit the integers that points are, while their keys do not.
POINTS: list[list[int]] = [
    [],
    [5],
    [-5],
    [5, -5],
    [5] * 4,
    [-1, -2, -1, -2],
    [1, 2, 3, 4, -4, -3, -2, -1],
    [7] * 30,
    [-7] * 30,
]
POINTS += [[LARGEST_INTEGER // 4, LARGEST_INTEGER // 4 - 1, LARGEST_INTEGER // 4, -1, -LARGEST_INTEGER // 4]]


def test_few_many_and_ties(backend: tuple[Engine, Rows]) -> None:
    """With fewer entries than reasons the rest is NULL, and of entries that tie the first of the card is named."""
    leads: list[dict[str, Any]] = [{"known": True}, {"known": False}, {"known": None}]
    for points in POINTS[::3] if backend[0].slow else POINTS:
        card = rules(points)
        texts = reason_texts(backend, card, leads, {"known": "BOOLEAN"})
        assert texts == [expected(card, lead) for lead in leads], points
