"""`leadledger explain`: one lead, from a JSON file, standard input or a list."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import run


def test_explain_reads_json_and_lists(small: Path, tmp_path: Path) -> None:
    """A JSON file, standard input, or a row of a list."""
    lead, leads = tmp_path / "lead.json", tmp_path / "leads.csv"
    lead.write_text('{"need": "clear"}')
    leads.write_text("need\nvague\nclear\n")
    by_file = run("explain", lead, "--card", small, "--as-of", "2026-07-01").output
    assert "Total  60.0" in " ".join(by_file.split()).replace("Total 60.0", "Total  60.0")
    assert run("explain", leads, "--row", 2, "--card", small, "--as-of", "2026-07-01").output == by_file
    assert run("explain", "-", "--card", small, "--as-of", "2026-07-01", stdin='{"need": "clear"}').output == by_file


@pytest.mark.parametrize(
    ("words", "stdin", "message"),
    [
        (["explain", "-"], "{", "standard input: is not JSON"),
        (["explain", "-"], "[1]", "standard input: must hold one lead as a JSON object"),
        (["explain", "-"], '{"need": "maybe"}', "$.need: 'maybe' is not one of: vague, clear"),
        (["explain", "-"], '{"need": ["clear"]}', "$.need: ['clear'] is not a text"),
        (["explain", "-"], "[" * 100_000, "standard input: is not JSON"),
        (["explain", "nowhere.json"], None, "nowhere.json: can't be opened: No such file or directory"),
        (["explain", "nowhere.csv", "--row", "1"], None, "nowhere.csv: there is no such file"),
        (["sql", "--dialect", "oracle"], None, "there is no SQL printer for 'oracle'; there is one for: duckdb"),
    ],
)
def test_bad_input_is_refused(small: Path, words: list[str], stdin: str | None, message: str) -> None:
    """A message on stderr, status 1."""
    done = run(*words, "--card", small, stdin=stdin)
    assert done.exit_code == 1
    assert message in done.stderr


CARD = "name: named\nfields:\n  id: {kind: id}\n  need: {kind: text}\n"
LIST = "id,need\nL1,vague\nL7,clear\nL8,clear\nL8,vague\n"


@pytest.fixture
def named(tmp_path: Path) -> Path:
    """A card with an id."""
    (tmp_path / "named.yaml").write_text(CARD)
    return tmp_path / "named.yaml"


def test_explain_finds_a_lead_by_its_id(named: Path, tmp_path: Path) -> None:
    """`--id` names the row of a list, whatever its number."""
    (tmp_path / "leads.csv").write_text(LIST)
    by_id = run("explain", tmp_path / "leads.csv", "--id", "L7", "--card", named, "--as-of", "2026-07-01").output
    assert by_id == run("explain", tmp_path / "leads.csv", "--row", 2, "--card", named, "--as-of", "2026-07-01").output


@pytest.mark.parametrize(
    ("content", "options", "status", "message"),
    [
        (LIST, ["--id", "L9"], 1, "no row of column 'id' has the id 'L9'"),
        (LIST, ["--id", "L8"], 1, "several rows of column 'id' have the id 'L8'; name one with --row"),
        ("need\nclear\n", ["--id", "L8"], 1, "has no column of the lead's id; name a row, as in --row 1"),
        (LIST, ["--id", "L7", "--row", "1"], 2, "--row and --id both name a lead; give one of them"),
    ],
)
def test_an_id_that_names_no_row(
    named: Path, tmp_path: Path, content: str, options: list[str], status: int, message: str
) -> None:
    """A message, and no lead."""
    (tmp_path / "leads.csv").write_text(content)
    done = run("explain", tmp_path / "leads.csv", *options, "--card", named)
    assert (done.exit_code, message in done.stderr) == (status, True)
