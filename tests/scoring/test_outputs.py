"""The vocabulary of results is what results hold."""

from __future__ import annotations

from datetime import date

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import score
from leadledger.scoring.outputs import (
    ADVICE_COLUMNS,
    AXIS_COLUMNS,
    ENTRY_KINDS,
    OPTIONAL_MEMBERS,
    PROPENSITY_COLUMNS,
    REASON_COLUMNS,
    RESULT_MEMBERS,
    SALE_COLUMNS,
    SCORE_COLUMNS,
    VERDICTS,
    list_names,
)
from leadledger.scoring.scorecard import MOST_PERCENT, Learned, Scorecard, build_untrained
from tests.scoring.step_cards import SCORECARD

AS_OF = date(2026, 1, 1)
CARD = "name: small\nfields: {need: {kind: text}}\nrules: [{name: a, when: need = 'x', points: 1, reason: Because}]\n"
STAGES = "stages: [{name: lead}, {name: sale, points: 51, hold: {band: 1, days: 14}}]\n"


def test_the_members_of_a_result() -> None:
    """A result in JSON has the members that the vocabulary lists, each once, and its words are of the vocabulary."""
    result = score(build_untrained(parse_card(CARD)), {"need": "x"}, AS_OF).to_dict()
    assert sorted(result) == sorted(RESULT_MEMBERS)
    knowing = Scorecard(parse_card(CARD), Learned(levels={"need": ("x",)}, percentiles=(500,) * MOST_PERCENT))
    counting = build_untrained(parse_card(f"{CARD}events: {{visit: {{}}}}\n"))
    axes = "axes: {fit: {grades: {A: 1}}, engagement: {grades: {1: 1}}}"
    split = build_untrained(parse_card(f"{CARD}{axes}\n"))
    stages = "stages: [{name: contact}, {name: lead, points: 60, explore: 1 %}]"
    explored = build_untrained(parse_card(f"{CARD.replace('{need:', '{lead_id: {kind: id}, need:')}{stages}\n"))
    remembering = build_untrained(parse_card(f"{CARD}{STAGES}"))
    cards = (SCORECARD, counting, split, explored, remembering)
    results = (score(knowing, {"need": "x"}, AS_OF), *(score(card, {}, AS_OF) for card in cards))
    assert {name for result in results for name in result.to_dict()} == {*RESULT_MEMBERS, *OPTIONAL_MEMBERS}
    assert result["recommendation"] in VERDICTS
    assert {entry["kind"] for entry in result["ledger"]} <= set(ENTRY_KINDS)


def test_the_columns_of_a_list() -> None:
    """The columns that scoring adds to a list are members of a result, and each reason has a column of its own."""
    columns = (*SCORE_COLUMNS, *PROPENSITY_COLUMNS, *AXIS_COLUMNS, *SALE_COLUMNS, *ADVICE_COLUMNS)
    assert set(list_names(columns)) <= {*RESULT_MEMBERS, *OPTIONAL_MEMBERS}
    assert len(set(list_names(REASON_COLUMNS))) == len(REASON_COLUMNS)
