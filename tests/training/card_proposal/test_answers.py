"""A proposed card with its owner's answers: only what was decided changes, and `check` accepts it."""

from __future__ import annotations

from dataclasses import replace
from difflib import unified_diff
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError
from leadledger.training.card_proposal.answers import confirm_criteria, drop_outcome, settle_format
from leadledger.training.card_proposal.criterion_proofs import CriterionProof, prove_criteria
from leadledger.training.card_proposal.decisions import FormatAnswer, list_decisions
from leadledger.training.card_proposal.outcome_candidates import OutcomeProposal
from leadledger.training.card_proposal.proposal import CardProposal, propose_card

HEAD = "Lead No,Created,Need,Decision role,Budget,Demo,Won on,Status\n"


@pytest.fixture(scope="module")
def proposal(tmp_path_factory: pytest.TempPathFactory) -> CardProposal:
    """A card for a list with numbers and days that can be read in two ways, and two outcomes that differ."""
    path = tmp_path_factory.mktemp("list") / "leads.csv"
    rows = [
        f"L{n:04},2025-01-{n % 28 + 1:02},{('clear', 'none')[n % 2]},{('decider', 'user')[n // 2 % 2]},"
        f"{n % 80 + 10}.000,{n % 12 + 1:02}/{(n + 3) % 12 + 1:02}/2025,"
        f"{f'2025-02-{n % 28 + 1:02}' if n % 5 == 0 else ''},{('Closed Won', 'Closed Lost')[n % 3 > 0]}"
        for n in range(400)
    ]
    path.write_text(HEAD + "\n".join(rows) + "\n", "utf-8")
    return propose_card(path)


def changes(old: str, new: str) -> list[str]:
    """The lines that differ, with their sign."""
    lines = list(unified_diff(old.split("\n"), new.split("\n"), lineterm="", n=0))[2:]
    return [line for line in lines if not line.startswith("@@")]


def test_questions_have_answers(proposal: CardProposal) -> None:
    """Each way to read a field says what an example is by it; what has no answers here is left as a sentence."""
    decisions = list_decisions(proposal)
    assert [question.field for question in decisions.formats] == ["budget", "demo"]
    budget, demo = decisions.formats
    assert budget.example.endswith(".000")
    assert budget.answers == (
        FormatAnswer("1.234,56", f"{budget.example[:2]},000"),
        FormatAnswer("1,234.56", budget.example[:2]),
    )
    assert len({answer.meaning for answer in demo.answers}) == 2
    assert [answer.is_chosen for answer in decisions.outcome] == [False, False]
    assert {criterion.name: criterion.of_lead for criterion in decisions.criteria} == {"need": True, "decider": False}
    assert decisions.others == ()


def test_a_field_is_read_as_decided(proposal: CardProposal) -> None:
    """The comment becomes a field, its decision goes, and nothing else changes."""
    text = settle_format(proposal.text, "budget", "1,234.56")
    gone, new = changes(proposal.text, text)[:-1], changes(proposal.text, text)[-1]
    assert gone[0].startswith("-  # DECIDE: Column 'Budget': ")
    assert gone[-1].startswith('-  #budget: {kind: number, format: "1.234,56"')
    assert new == "+" + gone[-1][1:].replace("#budget", "budget").replace("1.234,56", "1,234.56")
    assert parse_card(text).fields["budget"].kind == "number"


def test_a_field_is_left_out(proposal: CardProposal) -> None:
    """Its lines go, and its decision."""
    text = settle_format(proposal.text, "demo", "")
    assert all(line.startswith("-") for line in changes(proposal.text, text))
    assert "demo" not in text
    assert "DECIDE: Column 'Budget'" in text


def test_criteria_are_confirmed(proposal: CardProposal) -> None:
    """They become text, and the stages require them."""
    text = confirm_criteria(proposal.text, ["need"], ["need", "decider"])
    card = parse_card(text)
    assert [criterion.name for criterion in card.criteria] == ["need", "decider"]
    stages = {stage.name: stage.requires for stage in card.stages}
    assert (stages["lead"], stages["opportunity"]) == (("need",), ("need", "decider"))
    assert "DECIDE: What a lead must meet" not in text
    one = confirm_criteria(proposal.text, [], ["decider"])
    assert [criterion.name for criterion in parse_card(one).criteria] == ["decider"]
    assert confirm_criteria(proposal.text, [], []) == proposal.text


def test_an_outcome_is_chosen_and_dropped(proposal: CardProposal, tmp_path: Path) -> None:
    """The other candidate stays out of the fields; a column that is no candidate is refused."""
    path = tmp_path / "leads.csv"
    rows = [f"L{n},{'2025-02-01' if n % 5 == 0 else ''},{('Closed Won', 'Closed Lost')[n % 3 > 0]}" for n in range(300)]
    path.write_text("id,won_on,status\n" + "\n".join(rows), "utf-8")
    assert propose_card(path).outcome.chosen is None
    chosen = propose_card(path, outcome_column="status")
    outcome = parse_card(chosen.text).outcome
    assert outcome is not None
    assert "won_on" not in parse_card(chosen.text).fields
    text = drop_outcome(chosen.text)
    assert parse_card(text).outcome is None
    assert drop_outcome(text) == text
    with pytest.raises(
        DataError, match="column 'id' doesn't say what became of the leads; it could be 'won_on', 'status'"
    ):
        propose_card(path, outcome_column="id")


@given(st.text(max_size=20), st.text(max_size=20), st.lists(st.text(max_size=8), max_size=3))
def test_other_answers_do_no_harm(proposal: CardProposal, field: str, form: str, names: list[str]) -> None:
    """A form may hold anything: what the card doesn't ask is no answer, and a format stays one."""
    text = settle_format(proposal.text, field, form)
    assert text == proposal.text
    assert settle_format(proposal.text, "budget", form).count("\n") <= proposal.text.count("\n")
    parse_card(proposal.text)
    confirm_criteria(proposal.text, names, names)


@pytest.mark.slow
def test_criteria_are_proven_by_the_list(tmp_path: Path) -> None:
    """How many of the leads that became one met each, and of the others; what few of them met is no must."""
    path = tmp_path / "leads.csv"
    rows = [
        f"L{n},2024-{n // 40 + 1:02}-{n % 28 + 1:02},{'clear' if n % 4 == 0 or n % 10 == 1 else 'no'},"
        f"{('decider', 'user')[n // 4 % 2]},{f'2024-{n // 40 + 2:02}-{n % 28 + 1:02}' if n % 4 == 0 else ''}"
        for n in range(400)
    ]
    path.write_text("Lead No,Created,Need,Decision role,Won on\n" + "\n".join(rows), "utf-8")
    proposal = propose_card(path)
    proofs = prove_criteria(proposal, path, ["need", "decider"])
    assert proofs["need"] == CriterionProof(
        "met by 100% of the leads that became one, and by 13% of the others, where it is known", True
    )
    assert proofs["decider"].sentence.startswith("met by 50% of the leads that became one")
    assert proofs["decider"].sentence.endswith(": no must")
    assert not proofs["decider"].is_must
    assert prove_criteria(replace(proposal, outcome=OutcomeProposal(None, ())), path, ["need"]) == {}
