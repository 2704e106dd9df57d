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
