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
        (
            [SERVER, "--table", "leads", "--into", "scores", "--log"],
            "--log is for lists in files; score a table that is to be logged as a list: export it to a file first",
        ),
        (
            ["leads.csv", "-o", "out", "--engine", "spark", "--log"],
            "--log is not for --engine spark, which writes from several machines at once; score with DuckDB",
        ),
        (["leads.csv", "-o", "out.csv", "--log-url", "sqlite:///log.sqlite3"], "--log-url goes with --log"),
        (
            ["leads.csv", "-o", "out.csv", "--log", "--as-of", "2999-01-01"],
            "--as-of 2999-01-01 lies ahead; --log takes scores of today and of earlier days",
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


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet", "jsonl", "jsonl.gz"])
def test_a_list_without_a_good_row_fails(small: Path, tmp_path: Path, ending: str) -> None:
    """Where every row is rejected, the status is 1, the first reasons are said, and no output looks done."""
    (tmp_path / "leads.csv").write_text("need\nlots\nnothing\nless\nmore\n")
    out = tmp_path / f"out.{ending}"
    done = run("score", tmp_path / "leads.csv", "-o", out, "--card", small)
    assert done.exit_code == 1
    assert done.stdout.startswith(f"4 rows: none can be scored, and {out}".split("/", maxsplit=1)[0])
    assert "row 1: need: 'lots' is not one of: vague, clear" in done.stdout
    assert "row 4" not in done.stdout
    assert not out.exists()
    assert len((tmp_path / "out.rejects.csv").read_text().splitlines()) == 5
    as_json = run("score", tmp_path / "leads.csv", "-o", out, "--card", small, "--json")
    assert (as_json.exit_code, json.loads(as_json.stdout)["rejected"]) == (1, 4)
    to_stdout = run("score", tmp_path / "leads.csv", "-o", "-", "--card", small, "--rejects", tmp_path / "r.csv")
    assert (to_stdout.exit_code, to_stdout.stdout) == (1, "")


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl", "jsonl.gz"])
def test_a_condition_that_no_lead_meets(small: Path, tmp_path: Path, ending: str) -> None:
    """Where every row can be read and none is wanted, an output without rows is written, in any format."""
    (tmp_path / "leads.csv").write_text("need\nclear\n")
    words = ("--card", small, "--where", "need = 'vague'", "--json")
    done = run("score", tmp_path / "leads.csv", "-o", tmp_path / f"out.{ending}", *words)
    assert (done.exit_code, json.loads(done.stdout)["left_out"]) == (0, 1)
    assert (tmp_path / f"out.{ending}").exists()


NAMED = """
name: named
fields: {lead_id: {kind: id}, need: {kind: text, values: [vague, clear]}}
rules:
  - {name: clear, when: need = 'clear', points: 10, reason: Clear}
grades: {A: 60}
"""


def test_scores_are_recorded(tmp_path: Path) -> None:
    """With --log the report says what entered the log and the book, as text and as JSON, and the file is the same."""
    card, leads, out = tmp_path / "card.yaml", tmp_path / "leads.csv", tmp_path / "out.csv"
    card.write_text(NAMED)
    leads.write_text("lead_id,need\nA,clear\nB,vague\nC,odd\n,clear\n")
    words = ["score", leads, "-o", out, "--card", card, "--as-of", "2026-03-02"]
    run(*words)
    plain = out.read_bytes()
    first = run(*words, "--log", "--home", tmp_path)
    assert first.stdout.endswith(
        "Log: 2 new to the book, 1 without an id, which the log leaves out; 2 scores\n  added\n"
    )
    assert out.read_bytes() == plain
    leads.write_text("lead_id,need\nA,vague\nB,vague\n")
    second = run(*words, "--log", "--home", tmp_path)
    assert second.stdout.endswith(
        "Log: 1 moved in the book, 1 as the book has them; 1 score added; decisions that\n  changed: 1\n"
    )
    data = json.loads(run(*words, "--log", "--home", tmp_path, "--json").stdout)["log"]
    assert data == dict.fromkeys(data, 0) | {"same": 2}
    older = run(*words[:-1], "2026-03-01", "--log", "--home", tmp_path)
    assert older.stdout.endswith("Log: 2 older than the book has them; 0 scores added\n")


def test_a_log_needs_ids(small: Path, tmp_path: Path) -> None:
    """A list without a column of ids can't be recorded; nothing is written."""
    leads = tmp_path / "leads.csv"
    leads.write_text("need\nclear\n")
    done = run("score", leads, "-o", tmp_path / "out.csv", "--card", small, "--log", "--home", tmp_path)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"{leads}: --log needs an id for each lead, a column of a field of `kind: id`\n"
    assert not (tmp_path / "out.csv").exists()


def test_a_log_that_fails_stops_the_list(tmp_path: Path) -> None:
    """If the log can't be opened, no file is written."""
    card, leads = tmp_path / "card.yaml", tmp_path / "leads.csv"
    card.write_text(NAMED)
    leads.write_text("lead_id,need\nA,clear\n")
    url = f"sqlite:///{tmp_path}/no/log.sqlite3"
    done = run("score", leads, "-o", tmp_path / "out.csv", "--card", card, "--log", "--log-url", url)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"the log at {url} can't be opened: unable to open database file\n"
    assert not (tmp_path / "out.csv").exists()
