"""`leadledger init`: a card from a list, and what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import run

ROWS = "".join(f"{row},{'web' if row % 3 else 'fair'},{row % 4 == 0}\n" for row in range(200))


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    """A list with an id, a source and an outcome."""
    path = tmp_path / "leads.csv"
    path.write_text(f"id,source,won\n{ROWS}")
    return path


def test_init_writes_a_card_that_check_accepts(leads: Path, tmp_path: Path) -> None:
    """The report says what the card has, what must be decided, and what to run next."""
    card = tmp_path / "card.yaml"
    done = run("init", leads, "-o", card)
    assert done.exit_code == 0, done.output
    for sentence in (
        f"{card}: 2 fields from 3 columns and 200 rows of {leads}; training may learn from 1 of them",
        "The outcome is column 'won': 50 of 200 leads became one (25.0%).",
        "What you must decide, where the card says DECIDE:",
        f"Next: leadledger check {card} {leads} Then: leadledger train {card} {leads}",
    ):
        assert "".join(sentence.split()) in "".join(done.output.split())
    checked = run("check", card, leads)
    assert checked.exit_code == 0
    assert "200 rows, 200 of them readable" in checked.output


def test_init_takes_the_outcome_that_is_named(tmp_path: Path) -> None:
    """Where two columns differ, none is chosen unless it is named; another column is refused."""
    leads = tmp_path / "leads.csv"
    rows = (f"{n},{'2025-02-01' if n % 5 == 0 else ''},{('Closed Won', 'Closed Lost')[n % 3 > 0]}" for n in range(300))
    leads.write_text("\n".join(["id,won_on,status", *rows]))
    assert json.loads(run("init", leads, "-o", tmp_path / "a.yaml", "--json").stdout)["outcome"] is None
    done = run("init", leads, "-o", tmp_path / "b.yaml", "--outcome", "status", "--json")
    assert json.loads(done.stdout)["outcome"]["column"] == "status"
    done = run("init", leads, "-o", tmp_path / "c.yaml", "--outcome", "id")
    assert done.exit_code == 1
    assert "column 'id' doesn't say what became of the leads; it could be 'won_on', 'status'" in done.stderr


def test_init_overwrites_no_file(leads: Path, tmp_path: Path) -> None:
    """A card that is there stays as it is."""
    card = tmp_path / "card.yaml"
    card.write_text("mine")
    done = run("init", leads, "-o", card)
    assert done.exit_code == 1
    assert done.stderr == f"{card}: is there already, and `init` overwrites no file; name another with -o\n"
    assert card.read_text() == "mine"


def test_init_prints_a_card(leads: Path) -> None:
    """With `-o -` the card is printed, and the report goes to stderr."""
    done = run("init", leads, "-o", "-")
    assert done.stdout.startswith("# A first card, proposed by `leadledger init` from all 200 rows and 3 columns")
    assert "training may learn from 1" in " ".join(done.stderr.split())


def test_init_as_json(leads: Path, tmp_path: Path) -> None:
    """`--json` has each field with its column, what was left out, the outcome and what must be decided."""
    told = json.loads(run("init", leads, "-o", tmp_path / "card.yaml", "--json").output)
    assert told["fields"]["source"] == {
        "column": "source",
        "kind": "text",
        "learned": True,
        "protected": False,
        "seen": "all 200 rows, 2 different",
    }
    assert told["outcome"] == {
        "column": "won",
        "kind": "flag",
        "since": None,
        "within_days": None,
        "became": 50,
        "of": 200,
    }
    assert (told["rows"], told["rejected_rows"], told["left_out"]) == (200, 0, {})
    assert len(told["decide"]) == 1


def test_init_says_why_a_card_cannot_be_written(leads: Path, tmp_path: Path) -> None:
    """A folder that isn't there is named."""
    card = tmp_path / "nowhere" / "card.yaml"
    done = run("init", leads, "-o", card)
    assert (done.exit_code, done.stderr) == (1, f"{card}: the card can't be written: No such file or directory\n")
