"""`leadledger check`: a card, its test cases, and how leads fit it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.command_line import run


def test_check_reads_a_card_and_its_cases(small: Path) -> None:
    """A good card: status 0 and how many cases pass."""
    done = run("check", small)
    assert done.exit_code == 0
    assert done.output == (
        f"{small}: 2 fields, 1 rule, no mistakes found\n1 of 1 test case passes, in Python and in DuckDB\n"
    )


def test_how_many_cases_pass(small: Path) -> None:
    """None, one and several; a case that fails in two respects is one case."""
    card, case = small.read_text().split("cases:\n")
    small.write_text(card)
    assert run("check", small).output.splitlines()[1:] == ["This card has no test cases yet."]
    small.write_text(f"{card}cases:\n{case * 12}")
    assert run("check", small).output.splitlines()[1:] == ["12 of 12 test cases pass, in Python and in DuckDB"]
    wrong = "  - {lead: {need: vague}, expect: {points: 60, fires: [clear]}}\n"
    small.write_text(f"{card}cases:\n{case}{wrong}")
    done = run("check", small)
    assert (done.exit_code, len(done.output.splitlines())) == (1, 4)
    assert done.output.splitlines()[-1] == "1 of 2 test cases pass, in Python and in DuckDB"


def test_a_case_that_fails_is_named(small: Path) -> None:
    """Status 1, the line of the case, what was expected and what the card gives."""
    small.write_text(small.read_text().replace("points: 60", "points: 61, recommendation: ask"))
    done = run("check", small)
    assert done.exit_code == 1
    assert f"{small}: line 9: case 1: expected points 61.0, got 60.0 (60.0 points)" in done.output
    assert f"{small}: line 9: case 1: expected recommendation ask, got keep (60.0 points)" in done.output
    assert "0 of 1 test case passes, in Python and in DuckDB" in done.output


def test_check_says_what_a_list_makes_of_a_card(small: Path, tmp_path: Path) -> None:
    """How full each field is, how often each rule fires, which rows can't be read."""
    leads = tmp_path / "leads.csv"
    leads.write_text("need,other\nclear,1\nvague,2\n,3\nmaybe,4\n")
    done = run("check", small, leads)
    assert done.exit_code == 0
    assert "4 rows, 3 of them readable" in done.output
    assert "row 4: need: 'maybe' is not one of: vague, clear" in done.output
    checked = json.loads(run("check", small, leads, "--json").output)
    assert checked["data"]["rules"] == {"clear": {"fires": 1, "unknown": 1}}
    assert checked["data"]["filled"] == {"need": 0.6667}
    assert checked["data"]["columns_not_used"] == ["other"]


def test_a_refused_card_has_its_problems_on_stderr(small: Path) -> None:
    """Every mistake, with its place; status 1."""
    small.write_text(small.read_text().replace("need = 'clear'", "ned = 'clear'").replace("points: 10", "points: x"))
    done = run("check", small)
    assert done.exit_code == 1
    assert "card.yaml:7:25: rule 'clear': unknown field 'ned'. Did you mean 'need'?" in done.stderr
    assert "card.yaml:7:48: `points` of rule 'clear' is 'x'" in done.stderr
