"""The files that a list is written to: named as it is wanted, safe to open, and nobody else's."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

import leadledger
from leadledger.api.cli.commands import cli
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.output_file import part_file
from leadledger.api.lists.wanted import Wanted
from leadledger.scoring.scorecard import Scorecard

AS_OF = date(2026, 7, 1)
CARD = """
name: outputs
fields:
  id: {kind: id}
  need: {kind: text}
  budget: {kind: number}
rules: [{name: urgent, when: need = 'urgent', points: 12, reason: Urgent}]
stages: [{name: lead}]
"""
LEADS = """id,need,budget,"City, State",note
=1,urgent,-5,"Austin, TX",=cmd|' /C calc'!A0
L2,clear,5,@x,-5
L3,clear,lots,y,-5+3
"""


@pytest.fixture
def card(tmp_path: Path) -> Scorecard:
    """A small card."""
    (tmp_path / "card.yaml").write_text(CARD)
    return leadledger.load(tmp_path / "card.yaml")


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    """A list with cells that a program for sheets may run."""
    path = tmp_path / "leads.csv"
    path.write_text(LEADS)
    return path


def test_formulas_are_guarded_where_it_is_wanted(card: Scorecard, leads: Path, tmp_path: Path) -> None:
    """An apostrophe stands before them, in the rejects too; numbers keep their sign."""
    out = tmp_path / "out.csv"
    columns = ("id", "budget", "City, State", "note")
    score_list(card, leads, out, AS_OF, Wanted(columns=columns))
    assert out.read_text().splitlines()[1:] == ["=1,-5,\"Austin, TX\",=cmd|' /C calc'!A0", "L2,5,@x,-5"]
    result = score_list(card, leads, out, AS_OF, Wanted(columns=columns, guard_formulas=True))
    assert out.read_text().splitlines()[1:] == ["'=1,-5,\"Austin, TX\",'=cmd|' /C calc'!A0", "L2,5,'@x,-5"]
    assert (result.scored, result.rejected) == (2, 1)
    leads.write_text("id,need\n1,clear\n=2\n")
    score_list(card, leads, out, AS_OF, Wanted(guard_formulas=True))
    assert "2,,'=2,has fewer columns" in Path(result.rejects).read_text()


def test_a_guard_changes_no_sheet(card: Scorecard, leads: Path, tmp_path: Path) -> None:
    """In Excel and Parquet a text is a text anyway."""
    import openpyxl  # type: ignore[import-untyped]

    score_list(card, leads, tmp_path / "out.xlsx", AS_OF, Wanted(guard_formulas=True))
    names, first = list(openpyxl.load_workbook(tmp_path / "out.xlsx").active.rows)[:2]
    (cell,) = (cell for name, cell in zip(names, first, strict=True) if name.value == "note")
    assert (cell.value, cell.data_type) == ("=cmd|' /C calc'!A0", "s")


@pytest.mark.parametrize("name", ["o*.csv", "o[1].parquet", "o?.jsonl", "o*.xlsx"])
def test_a_name_that_looks_like_a_pattern(card: Scorecard, leads: Path, tmp_path: Path, name: str) -> None:
    """It is the name of a file, also where it is read back."""
    (tmp_path / "other.csv").write_text("points\n1\n")
    assert score_list(card, leads, tmp_path / name, AS_OF).scored == 2
    assert (tmp_path / name).is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks of parts here")
def test_parts_are_new_files_and_swept_once_they_are_left(tmp_path: Path) -> None:
    """A link in the place of a part is never followed; parts that nobody holds are removed, those at work are not."""
    out, victim = tmp_path / "out.csv", tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / ".out.csv.1234.part").symlink_to(victim)
    left = tmp_path / ".out.csv.99999.part"
    left.touch()
    with part_file(out) as first, part_file(out) as second:
        assert not left.exists()
        assert first.exists()
        assert first != second
        second.write_text("rows")
    assert not first.exists()
    assert not second.exists()
    assert victim.read_text() == "mine"


def run(*arguments: object) -> str:
    """What a command prints on standard output."""
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_column_with_a_comma_in_its_name(card: Scorecard, leads: Path, tmp_path: Path) -> None:
    """In quotes, as in CSV, it is one name; a quote that is not closed is wrong usage."""
    out = tmp_path / "out.csv"
    options = ["score", leads, "-o", out, "--card", tmp_path / "card.yaml", "--columns"]
    run(*options, '"City, State", id,score')
    assert out.read_text().splitlines()[0] == '"City, State",id,score'
    wrong = CliRunner().invoke(cli, [str(option) for option in [*options, '"City, State']])
    assert wrong.exit_code == 2
    assert "has a quote that is not closed, or text behind one" in wrong.output


def test_what_was_noticed_is_said(card: Scorecard, tmp_path: Path) -> None:
    """By `score` and `check`, as text and as JSON; by `explain` beside the result."""
    leads, out = tmp_path / "leads.csv", tmp_path / "out.csv"
    leads.write_text("# all leads\nid,need,budget\n1,urgent,5\n")
    note = "The header is in line 2; what stands before it is left out: '# all leads'."
    command = ["score", leads, "-o", out, "--card", tmp_path / "card.yaml"]
    assert note in " ".join(run(*command).split())
    assert json.loads(run(*command, "--json"))["notes"] == [note]
    assert note in " ".join(run("check", tmp_path / "card.yaml", leads).split())
    assert json.loads(run("check", tmp_path / "card.yaml", leads, "--json"))["data"]["notes"] == [note]
    explained = CliRunner().invoke(cli, ["explain", str(leads), "--row", "1", "--card", str(tmp_path / "card.yaml")])
    assert note in explained.stderr
    assert note not in explained.stdout


def test_options_of_files_are_refused_elsewhere(tmp_path: Path) -> None:
    """A cluster and a database have no sheets."""
    (tmp_path / "card.yaml").write_text(CARD)
    arguments = ["score", "leads.csv", "-o", "out", "--engine", "spark", "--card", str(tmp_path / "card.yaml")]
    refused = CliRunner().invoke(cli, [*arguments, "--sheet", "Leads"])
    assert refused.exit_code == 2
    assert "--sheet goes with a list in a file" in refused.output
