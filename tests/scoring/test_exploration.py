"""Exploration: who may be drawn, who is, and with which probability."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

import pytest
from scipy.stats import binom

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import score
from leadledger.scoring.exploration import Chance, Exploration, explore, find_lead_key, name_share
from leadledger.scoring.gate import Threshold
from leadledger.scoring.outputs import VERDICTS
from leadledger.scoring.scorecard import Learned, Scorecard, build_untrained
from tests.case_files import read_cases

AS_OF = date(2026, 3, 1)
CARD = """
name: explored
fields:
  lead_id: {kind: id}
  old_id: {kind: id}
  budget: {kind: number, ask: What is the budget?}
  need: {kind: flag}
criteria:
  need: {met: need, label: a need}
rules:
  - {name: rich, when: budget >= 100, points: 20, reason: Has the means}
exclude:
  - {name: negative, when: budget < 0, reason: Owes money}
stages:
  - {name: contact}
  - {name: lead, requires: [need], points: 60, explore: {share: 20 %, salt: spring}}
"""
CASES: list[dict[str, Any]] = read_cases("exploration.yaml")
DRAWN, UNDRAWN = "L-12", "L-1"  # by the share and the salt of the card


def test_who_may_be_drawn() -> None:
    """Only a lead with an id that points alone hold back is drawn; every other verdict stays as it is."""
    fifth = Exploration("lead", 0.2, "spring")
    for verdict, threshold, required, total, key in product(
        VERDICTS, (None, 500), ((), (True,), (None,), (False, True)), (499, 500), (None, DRAWN)
    ):
        chance = explore(fifth, verdict, threshold, required, total, key)
        held = threshold is not None and total < threshold and False not in required
        if verdict == "promote":
            assert chance == Chance("promote", 1.0)
        elif verdict in ("ask", "nurture") and held and key is not None:
            assert chance == Chance("promote", 0.2)
        else:
            assert chance == Chance(verdict, 0.0)
        assert explore(None, verdict, threshold, required, total, key).verdict == verdict


def test_a_drawn_lead_is_promoted_and_says_why() -> None:
    """Of two leads below the threshold the drawn one is promoted; both have the share as their propensity."""
    card = build_untrained(parse_card(CARD))
    drawn, undrawn = (score(card, {"lead_id": lead, "need": True}, AS_OF) for lead in (DRAWN, UNDRAWN))
    assert (drawn.recommendation.verdict, drawn.propensity) == ("promote", 0.2)
    assert drawn.recommendation.reasons[0] == (
        "Chosen at random, to learn what becomes of leads below the threshold: 20 of 100"
    )
    assert not drawn.recommendation.questions
    assert (undrawn.recommendation.verdict, undrawn.propensity) == ("ask", 0.2)
    assert undrawn.to_dict()["propensity"] == 0.2


@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    """The propensity is 1 by merit, the share where points alone hold a lead back, and else 0."""
    result = score(build_untrained(parse_card(CARD)), case["lead"], AS_OF)
    assert (result.recommendation.verdict, result.propensity) == (case["recommendation"], case["propensity"])


def test_a_closed_gate_draws_nobody() -> None:
    """Where training has closed the gate, nobody is promoted, and the propensity is 0."""
    closed = Learned(thresholds={"lead": Threshold(closed="no threshold keeps the promise")})
    result = score(Scorecard(parse_card(CARD), closed), {"lead_id": DRAWN, "need": True}, AS_OF)
    assert (result.recommendation.verdict, result.propensity) == ("keep", 0.0)


def test_without_the_key_nothing_changes() -> None:
    """A card without `explore` has no propensity, and every lead's own verdict."""
    card = build_untrained(parse_card(CARD.replace(", explore: {share: 20 %, salt: spring}", "")))
    result = score(card, {"lead_id": DRAWN, "need": True, "budget": 1}, AS_OF)
    assert (result.recommendation.verdict, result.propensity) == ("nurture", None)
    assert "propensity" not in result.to_dict()


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.05, 0.2])
def test_the_share_of_draws(share: float) -> None:
    """Of 100,000 ids as CRMs make them, no more and no fewer are drawn than chance would have it once in a million."""
    drawn = sum(map(Exploration("lead", share).draws, (f"00Q5f{i:010d}" for i in range(100_000))))
    low, high = binom.interval(1 - 1e-6, 100_000, share)
    assert low <= drawn <= high


def test_draws_are_their_own() -> None:
    """Another salt, and another stage, draw other leads; the same draws the same ones."""
    leads = [f"L-{i}" for i in range(20_000)]
    base = {lead for lead in leads if Exploration("lead", 0.2).draws(lead)}
    assert base == {lead for lead in leads if Exploration("lead", 0.2).draws(lead)}
    for other in (Exploration("lead", 0.2, "b"), Exploration("opportunity", 0.2)):
        both = sum(map(other.draws, base))
        low, high = binom.interval(1 - 1e-6, len(base), 0.2)
        assert low <= both <= high
    smaller = {lead for lead in leads if Exploration("lead", 0.05).draws(lead)}
    assert smaller < base  # a larger share adds leads, and takes none away


def test_spellings_of_an_id_have_one_draw() -> None:
    """Salesforce's ids of 15 and of 18 signs are one lead, and the first id that there is counts."""
    fields = parse_card(CARD).plain_fields
    keys = [find_lead_key(fields, {"lead_id": lead}) for lead in ("0015000000Gv7qJ", "0015000000Gv7qJAAR")]
    assert keys == ["0015000000Gv7qJ"] * 2
    assert find_lead_key(fields, {"lead_id": None, "old_id": "b"}) == "b"
    assert find_lead_key(fields, {}) is None


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.01, "1 of 100"), (0.2, "20 of 100"), (0.015, "3 of 200"), (0.0001, "1 of 10,000"), (0.0123, "123 of 10,000")],
)
def test_shares_in_words(share: float, words: str) -> None:
    """A share is named by whole leads."""
    assert name_share(share) == words
