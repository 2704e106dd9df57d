"""The chance of a sale: a total for each step ahead, its probability, their product, and the expected value."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from leadledger.scoring.engine.score import explain, score
from leadledger.scoring.probability import compute_probability
from leadledger.scoring.scorecard import Learned, Scorecard
from tests.scoring.step_cards import CARD, LEARNED, SCORECARD

DAY = date(2026, 11, 24)
LEAD: dict[str, Any] = {
    "need": "urgent",
    "met": "2026-11-10",
    "demo": True,
    "employees": 300,
    "deal_size": 12_345.67,
}


def test_each_step_has_a_ledger_that_adds_up() -> None:
    """Rules count by the trust of the step, tables are its own, and the entries add up to its total."""
    sale = score(SCORECARD, LEAD, DAY).sale
    assert sale is not None
    assert [step.stage for step in sale.steps] == ["lead", "opportunity", "customer"]
    for step in sale.steps:
        assert sum(entry.tenths for entry in step.ledger) == step.tenths
    lead, opportunity, customer = sale.steps
    # 12.5 × 0.8 and 8 × 0.8 / 2, of which the group leaves 8; the tables 8.7 and 4.0
    assert [(entry.name, entry.tenths) for entry in lead.ledger] == [
        ("start", 503),
        ("urgent", 100),
        ("fresh", 32),
        ("interest", -52),
        ("need", 87),
        ("employees", 40),
    ]
    assert [(entry.name, entry.tenths) for entry in opportunity.ledger][-1] == ("demo & employees", -90)
    assert [(entry.name, entry.tenths) for entry in customer.ledger] == [("start", 500)]
    assert lead.probability == compute_probability(0.55, lead.tenths)
    assert customer.probability == pytest.approx(0.25)


def test_the_chance_of_a_sale_is_the_product() -> None:
    """The chance is the product of those ahead, and the expected value that times the amount, in hundredths."""
    result = score(SCORECARD, LEAD, DAY)
    sale = result.sale
    assert sale is not None
    assert sale.probability is not None
    assert sale.probability == math.prod(step.probability or 0 for step in sale.steps)
    assert sale.expected_value == sale.probability * 12_345.67
    answer = result.to_dict()
    assert answer["sale_probability"] == round(sale.probability, 6)
    assert answer["expected_value"] == round(sale.expected_value, 2)
    assert [step["step"] for step in answer["steps"]] == ["lead", "opportunity", "customer"]
    assert {"step": "customer", "name": "start", "kind": "start", "points": 50.0, "why": ""}.items() <= answer[
        "step_ledger"
    ][-1].items()


@pytest.mark.parametrize(
    ("stage", "ahead"),
    [
        (None, 3),
        ("Contact", 3),
        ("elsewhere", 3),
        ("LEAD", 2),
        ("opportunity", 1),
        ("customer", 0),
    ],
)
def test_the_stage_says_which_steps_are_left(stage: str | None, ahead: int) -> None:
    """Steps behind a lead don't count; a customer has no chance left to foretell."""
    sale = score(SCORECARD, LEAD | {"stage": stage}, DAY).sale
    assert sale is not None
    assert len(sale.steps) == ahead
    assert (sale.probability is None, sale.expected_value is None) == (ahead == 0, ahead == 0)


def test_what_is_not_known_stays_unknown() -> None:
    """Without an amount there is no expected value, and without the rate of a step no chance of a sale."""
    sale = score(SCORECARD, {**LEAD, "deal_size": None}, DAY).sale
    assert sale is not None
    assert (sale.probability is None, sale.expected_value) == (False, None)
    unknown = replace(LEARNED, steps={**LEARNED.steps, "customer": Learned(trust=0.0)})
    sale = score(Scorecard(CARD, unknown), LEAD, DAY).sale
    assert sale is not None
    assert (sale.steps[2].probability, sale.probability, sale.expected_value) == (None, None, None)
    sale = score(Scorecard(replace(CARD, amount=""), LEARNED), LEAD, DAY).sale
    assert sale is not None
    assert sale.expected_value is None


def test_steps_decide_nothing() -> None:
    """Score, grade, recommendation and ledger are those of the release without steps, which answers as before."""
    with_steps = score(SCORECARD, LEAD, DAY)
    without = score(Scorecard(replace(CARD, steps=(), amount=""), replace(LEARNED, steps={})), LEAD, DAY)
    assert without.sale is None
    assert replace(with_steps, sale=None) == without
    members = ["sale_probability", "expected_value", "steps", "step_ledger"]
    assert list(with_steps.to_dict()) == [*without.to_dict(), *members]


def test_texts_have_one_spelling() -> None:
    """A level that only a step's table has is found in whatever case a lead writes it."""
    totals = {score(SCORECARD, {"need": need}, DAY).sale.steps[0].tenths for need in ("NONE", "none", " None ")}  # type: ignore[union-attr]
    assert totals == {503 - 64 - 4}


def test_explain_says_the_chance() -> None:
    """The picture of a ledger has the product in a line, and says where nothing is left."""
    lines = explain(SCORECARD, LEAD, DAY, width=120).splitlines()
    assert any(
        line.startswith("Chance of a sale ") and " = lead " in line and " × customer 25.0% · expected value " in line
        for line in lines
    )
    assert "Sale: no step is left to foretell" in explain(SCORECARD, {"stage": "customer"}, DAY)
