"""`leadledger import`: what it writes, says and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.api.formulas.hubspot_scores import SCORES
from tests.command_line import run

MATRIX = "field,operator,value,points\nTitle,contains,CEO,20\nTitle,resembles,x,3\n"


@pytest.fixture
def matrix(tmp_path: Path) -> Path:
    """A matrix with a row that can't be translated."""
    path = tmp_path / "matrix.csv"
    path.write_text(MATRIX)
    return path


def test_import_writes_a_card_that_check_accepts(matrix: Path, tmp_path: Path) -> None:
    """The card has the origin of its rule and what it lacks, and `check` finds no mistake."""
    card = tmp_path / "card.yaml"
    done = run("import", matrix, "-o", card)
    assert done.exit_code == 0
    assert "1 field, 1 rule" in " ".join(done.output.split())
    text = card.read_text()
    assert "  # row 1\n  - name: title_contains_ceo\n    when: \"contains(title, 'CEO')\"\n    points: 20\n" in text
    assert "# - row 2: the operator 'resembles' is not known;" in text
    assert run("check", card).exit_code == 0


def test_the_proof_is_part_of_the_answer(matrix: Path, tmp_path: Path) -> None:
    """With leads, the answer holds how many are the same, and the rows that differ."""
    leads = tmp_path / "leads.csv"
    leads.write_text("Title\nthe CEO\nx\n")
    answer = json.loads(run("import", matrix, "-o", tmp_path / "c.yaml", "--leads", leads, "--json").output)
    assert answer["parity"] == {"leads": 2, "same": 2, "refused": 0, "differences": []}
    assert (answer["format"], answer["rules"], answer["fields"]) == ("matrix", 1, 1)
    assert [part["path"] for part in answer["not_translated"]] == ["row 2"]


def test_import_keeps_a_card_that_is_there(matrix: Path, tmp_path: Path) -> None:
    """Without --force, nothing is overwritten."""
    card = tmp_path / "card.yaml"
    card.write_text("mine")
    done = run("import", matrix, "-o", card)
    assert done.exit_code == 1
    assert f"{card} is there already; name another file with -o, or overwrite it with --force" in done.output
    assert card.read_text() == "mine"
    assert run("import", matrix, "-o", card, "--force").exit_code == 0


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A clear error, status 1."""
    done = run("import", tmp_path / "none.csv", "-o", tmp_path / "c.yaml")
    assert (done.exit_code, done.output) == (1, f"{tmp_path / 'none.csv'}: there is no such file\n")


def test_a_score_of_hubspot_is_known_by_its_content(tmp_path: Path) -> None:
    """A JSON file with groups needs no --from; events are not compared, and the answer says so."""
    score, leads = tmp_path / "score.json", tmp_path / "leads.csv"
    score.write_text(json.dumps(SCORES["everything"]))
    leads.write_text("jobtitle,numberofemployees,country,interests\nDirector,150,NO,crm;erp\nClerk,,DE,\n")
    done = run("import", score, "-o", tmp_path / "card.yaml", "--leads", leads)
    assert done.exit_code == 0
    assert "2 of 2 leads have the same points by the old formula and by the card." in done.output
    assert "The leads have no events here, so what is counted from events is not compared." in done.output
    assert run("check", tmp_path / "card.yaml").exit_code == 0
    done = run("import", score, "--from", "matrix", "-o", tmp_path / "other.yaml")
    assert (done.exit_code, "Traceback" in done.output) == (1, False)
