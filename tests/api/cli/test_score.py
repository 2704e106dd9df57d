"""`leadledger score`: what it refuses, and which options go with which engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import BAD_DATA, run


@pytest.mark.parametrize("name", ["empty", "binary", "wrong encoding", "no field"])
def test_bad_data_is_refused_by_score(small: Path, tmp_path: Path, name: str) -> None:
    """Nothing is written, status 1."""
    content, message = BAD_DATA[name]
    data = tmp_path / "leads.csv"
    data.write_bytes(content)
    done = run("score", data, "-o", tmp_path / "out.csv", "--card", small)
    assert (done.exit_code, done.stdout) == (1, "")
    assert message in done.stderr
    assert not (tmp_path / "out.csv").exists()


SERVER = "postgresql://crm@localhost/crm"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["leads.csv"], "Missing option '-o' / '--out'."),
        (
            ["leads.csv", "-o", "out.csv", "--table", "leads"],
            "--table goes with a URL like postgresql://user@host/database",
        ),
        (["leads.csv", "-o", "out.csv", "--master", "local[1]"], "--master goes with --engine spark"),
        (
            [SERVER, "--table", "leads", "--into", "scores", "-o", "out.csv"],
            "--out goes with a list in a file or --engine spark",
        ),
        ([SERVER, "--table", "leads", "--into", "scores", "--prefix", "x"], "--prefix is for files; "),
        ([SERVER, "--table", "leads", "--into", "scores", "--best-first"], "--best-first is for files; "),
        (
            [SERVER, "--table", "leads", "--into", "scores", "--engine", "spark"],
            "--engine is for files; PostgreSQL scores its own tables",
        ),
        ([SERVER, "--table", "leads"], "Missing option '--into'."),
        ([SERVER, "--into", "scores"], "Missing option '--table'."),
    ],
)
def test_options_and_engines(small: Path, words: list[str], message: str) -> None:
    """An option that the engine doesn't take is wrong usage, and so is one that it needs and hasn't got."""
    done = run("score", *words, "--card", small)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith(f"Error: {message}")


def test_the_report_leaves_standard_output_to_the_scores(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `-o -`, CSV goes to standard output and the report, as text or as JSON, to stderr."""
    leads = tmp_path / "leads.csv"
    leads.write_text("need\nclear\nvague\nclear\n")
    monkeypatch.chdir(tmp_path)  # where the rejects go
    done = run("score", leads, "-o", "-", "--card", small, "--columns", "points")
    assert done.stdout == "points\n60.0\n50.0\n60.0\n"
    assert done.stderr.splitlines()[0] == "3 rows: 3 scored into standard output, 0 rejected"
    done = run("score", leads, "-o", "-", "--card", small, "--columns", "points", "--json")
    assert (done.stdout, json.loads(done.stderr)["out"]) == ("points\n60.0\n50.0\n60.0\n", "-")
