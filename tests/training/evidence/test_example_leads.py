"""The example leads of the report."""

from __future__ import annotations

import json
from datetime import date

import numpy as np

from leadledger.scoring.bins import TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.lookup import Table
from leadledger.scoring.scorecard import Learned, Scorecard
from leadledger.training.evidence.example_leads import choose_examples, examples

CARD = """
name: small
fields:
  lead_id: {kind: id}
  company: {kind: text, learn: no}
  need: {kind: text, values: [none, clear, urgent], ask: "What for?"}
rules:
  - {name: urgent, when: need = 'urgent', points: 20, reason: Has an urgent need}
stages: [{name: lead}, {name: opportunity, points: 60}]
"""


def test_telling_leads_are_five_different_ones() -> None:
    """The best won, the best lost, the worst won, the one nearest to the threshold and the least known, each once."""
    totals = np.array([900, 950, 200, 610, 500, 480])
    won = np.array([True, False, True, False, False, True])
    unknown = np.array([0, 7, 2, 0, 5, 1])
    chosen = choose_examples(totals, won, unknown, 600)
    assert list(chosen) == [0, 1, 2, 3, 4]
    assert [shows.split(":")[0] for shows in chosen.values()] == [
        "a hit",
        "a miss",
        "overlooked",
        "near the threshold",
        "hardly known",
    ]


def test_telling_leaves_out_what_is_not_there() -> None:
    """No threshold, no won lead, nothing unknown: only what there is to show."""
    chosen = choose_examples(np.array([3, 2]), np.zeros(2, bool), np.zeros(2, int), None)
    assert [shows.split(":")[0] for shows in chosen.values()] == ["a miss"]
    assert choose_examples(np.zeros(0, int), np.zeros(0, bool), np.zeros(0, int), 5) == {}


def test_examples_show_the_ledger_and_no_name() -> None:
    """The entries add up to the total; nothing of the lead but the words of its ledger is kept."""
    table = Table("need", TextBins(("urgent",)), (-50, 30, 5), (10, 20, 30))
    card = Scorecard(parse_card(CARD), Learned(base_rate=0.1, terms=(table,)))
    leads = [{"lead_id": "id-77", "company": "Acme", "need": "urgent"}, {"lead_id": "id-78", "company": "Bmce"}]
    records = examples(card, leads, [date(2026, 1, 1)] * 2, [True, False], ["first", "second"])
    assert [(example["total"], example["won"], example["shows"], example["recommendation"]) for example in records] == [
        (73.0, True, "first", "promote"),
        (45.0, False, "second", "ask"),
    ]
    assert (records[1]["low"], records[1]["high"], records[1]["line"]) == (45.0, 73.0, 60.0)
    for example in records:
        assert sum(round(10 * entry["points"]) for entry in example["ledger"]) == round(10 * example["total"])
    text = json.dumps(records)
    assert "urgent need" in text
    assert not any(word in text for word in ("id-77", "Acme", "id-78", "Bmce"))
