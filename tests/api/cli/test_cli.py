"""The command line: what it prints, what it exits with, and that nothing bad ends in a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from leadledger.api.cli.commands import cli
from leadledger.api.service.settings import Settings

ROOT = Path(__file__).parents[3]
CARD = ROOT / "examples" / "b2b-software" / "card.yaml"
SMALL = """
name: small
fields:
  need: {kind: text, values: [vague, clear], ask: "Which problem?"}
  won: {kind: flag}
rules:
  - {name: clear, when: need = 'clear', points: 10, reason: Clear}
cases:
  - {lead: {need: clear}, expect: {points: 60, fires: [clear]}}
"""


def run(*words: object, stdin: str | None = None) -> Result:
    """Run the command in this process; anything but a refusal or wrong usage is raised."""
    return CliRunner().invoke(cli, [str(word) for word in words], input=stdin, catch_exceptions=False)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A small card, without an outcome."""
    path = tmp_path / "card.yaml"
    path.write_text(SMALL)
    return path


def with_outcome(card: Path) -> Path:
    """The small card, which learns from a column `became`."""
    card.write_text(SMALL + "outcome: {became: {field: became, kind: flag}}\n")
    return card


def test_serve_takes_limits(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each limit of the service can be given; what is left out keeps its default."""
    served = []

    def serve(*given: object) -> int:
        served.append(given)
        return 0

    monkeypatch.setattr("leadledger.api.server.serve.serve", serve)
    words = ["--max-batch", 5, "--max-body", 6, "--max-rate", 7, "--max-waiting", 8, "--max-arrival", 9]
    done = run("serve", "--card", small, "--home", tmp_path, *words, "--workers", 3, "--log-level", "error")
    assert done.exit_code == 0
    limits: dict[str, Any] = {"max_batch": 5, "max_body": 6, "max_rate": 7, "max_waiting": 8, "max_arrival": 9}
    assert served.pop() == (Settings(home=tmp_path, card=small, log_level="error", **limits), "127.0.0.1", 8000, 3)
    run("serve", "--card", small, "--home", tmp_path)
    assert served.pop() == (Settings(home=tmp_path, card=small), "127.0.0.1", 8000, 1)
    assert run("serve", "--max-rate", 0).exit_code == 2


def test_check_reads_a_card_and_its_cases(small: Path) -> None:
    """A good card: status 0 and how many cases pass."""
    done = run("check", small)
    assert done.exit_code == 0
    assert done.output == (
        f"{small}: 2 fields, 1 rule, no mistakes found\n1 of 1 test case passes, in Python and in DuckDB\n"
    )


def test_a_case_that_fails_is_named(small: Path) -> None:
    """Status 1, the line of the case, what was expected and what came."""
    small.write_text(SMALL.replace("points: 60", "points: 61, recommendation: ask"))
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
    found = json.loads(run("check", small, leads, "--json").output)
    assert found["data"]["rules"] == {"clear": {"fires": 1, "unknown": 1}}
    assert found["data"]["filled"] == {"need": 0.6667}
    assert found["data"]["columns_not_used"] == ["other"]


def test_a_refused_card_has_its_problems_on_stderr(tmp_path: Path) -> None:
    """Every mistake, with its place; status 1."""
    path = tmp_path / "card.yaml"
    path.write_text(SMALL.replace("need = 'clear'", "ned = 'clear'").replace("points: 10", "points: x"))
    done = run("check", path)
    assert done.exit_code == 1
    assert "card.yaml:7:25: rule 'clear': unknown field 'ned'. Did you mean 'need'?" in done.stderr
    assert "card.yaml:7:48: `points` of rule 'clear' is 'x'" in done.stderr


BAD_DATA = {
    "empty": (b"", "the file is empty"),
    "no such column": (b"need\nclear\n", "has no column 'became', the outcome that the card names."),
    "not CSV": (b'need "clear"\n', "has a header and no rows"),
    "binary": (bytes(range(256)) * 8, "is not a list but binary data"),
    "wrong encoding": ("need,became\nжюя жюя жюя,1\n".encode("cp1251"), "line 2 is not UTF-8 text"),
    "no field": (b"x,became\n1,1\n", "no column belongs to the card 'small'"),
}


@pytest.mark.parametrize("name", BAD_DATA)
def test_bad_data_is_refused_by_train(small: Path, tmp_path: Path, name: str) -> None:
    """A clear message on stderr, nothing on stdout, status 1, and no release."""
    content, message = BAD_DATA[name]
    data = tmp_path / "history.csv"
    data.write_bytes(content)
    done = run("train", with_outcome(small), data, "--home", tmp_path / "home")
    assert (done.exit_code, done.stdout) == (1, "")
    assert message in done.stderr
    assert not (tmp_path / "home").exists()


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


def test_a_card_without_an_outcome_can_not_be_trained(small: Path, tmp_path: Path) -> None:
    """The message shows the line to add."""
    data = tmp_path / "history.csv"
    data.write_text("need\nclear\n")
    done = run("train", small, data, "--home", tmp_path / "home")
    assert done.exit_code == 1
    assert "add for example `outcome: {became: {field: won, kind: flag}}`" in done.stderr


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (["clear,1"] * 50 + ["vague,0"] * 30, "80 leads have an outcome, fewer than the 100 that the card asks for"),
        (["clear,1"] * 150, "all 150 leads ended alike: every lead became an opportunity"),
        (["vague,0"] * 150, "all 150 leads ended alike: no lead became an opportunity"),
        (["clear,1"] * 3 + ["vague,0"] * 150, "3 of 153 leads became opportunities; at least 10 of either kind"),
        (["clear,"] * 5, "no lead of the history has an outcome that can be judged yet"),
    ],
)
def test_without_enough_outcomes_rules_alone_are_released(
    small: Path, tmp_path: Path, rows: list[str], why: str
) -> None:
    """The release works, and the command says plainly that nothing was learned, and why."""
    data, home = tmp_path / "history.csv", tmp_path / "home"
    data.write_text("\n".join(["need,became", *rows, ""]))
    done = run("train", with_outcome(small), data, "--home", home)
    assert done.exit_code == 0
    assert " ".join(done.stdout.split()).count(f"Rules alone, nothing was learned: {why}") == 1
    told = json.loads(run("explain", "-", "--home", home, "--json", stdin='{"need": "clear"}').stdout)
    assert (told["points"], told["release"] != "") == (60.0, True)


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


@pytest.mark.parametrize(
    "words",
    [
        ["score", "leads.csv"],
        ["explain", "lead.json", "--as-of", "yesterday"],
        ["explain", "lead.json", "--card", "a.yaml", "--release", "b"],
        ["serve", "--port", "99999"],
        ["nonsense"],
    ],
)
def test_wrong_usage_has_status_2(words: list[str]) -> None:
    """A missing option, a day that is none, two options that exclude each other, an unknown command."""
    assert run(*words).exit_code == 2


def test_no_release_says_how_to_make_one(tmp_path: Path) -> None:
    """Before the first training, the commands say what to run."""
    done = run("explain", "-", "--home", tmp_path / "home", stdin="{}")
    assert done.exit_code == 1
    assert "leadledger train CARD DATA" in done.stderr
    assert run("releases", "--home", tmp_path / "home").output == (
        "There is no release yet; `leadledger train CARD DATA` makes one.\n"
    )


def test_sql_prints_a_query_that_runs(small: Path, tmp_path: Path) -> None:
    """The printed SELECT gives the points of the card, with the columns of a file or of the card."""
    import duckdb

    leads = tmp_path / "leads.csv"
    leads.write_text("id,need\n1,clear\n2,maybe\n")
    text = run("sql", "--card", small, "--data", leads, "--keep", "id", "--as-of", "2026-07-01").stdout
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE leads AS SELECT 1 AS id, 'clear' AS need UNION ALL SELECT 2, 'maybe'")
        found = connection.execute(text).fetchall()
        assert found == [(1, 60, 60.0, None, "B", "keep"), (2, None, None, None, None, None)]
        connection.execute("ALTER TABLE leads ADD COLUMN won BOOLEAN")
        assert connection.execute(run("sql", "--card", small).stdout).fetchall() == [row[1:] for row in found]


@pytest.mark.parametrize("dialect", ["bigquery", "snowflake"])
def test_sql_says_what_is_untested(small: Path, dialect: str) -> None:
    """The first line, and the help, say that nobody has asked the engine."""
    text = run(
        "sql", "--card", small, "--dialect", dialect, "--from", "shop.crm.leads", "--where", "need = 'clear'"
    ).stdout
    assert text.split("\n")[0].endswith("untested on the engine")
    assert "bigquery or snowflake; the last two are untested on the engine" in " ".join(
        run("sql", "--help").output.split()
    )


def test_the_installed_command_starts() -> None:
    """`leadledger --help` as a process of its own."""
    done = subprocess.run(
        [Path(sys.executable).parent / "leadledger", "--help"], capture_output=True, text=True, check=True
    )
    assert "train" in done.stdout
