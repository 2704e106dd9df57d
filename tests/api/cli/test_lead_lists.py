"""`leadledger leads list`: the filters of the service, and a table that no text of a lead can break."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.service.settings import Settings
from tests.api.http.routes.test_leads import CARD, DAY, LEADS
from tests.command_line import run

HOSTILE = "\x1b[31mred\n\t\u202e" + "x" * 100


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a card, and a log that knows four leads, and one with a hostile id."""
    home = tmp_path_factory.mktemp("home")
    card = home / "card.yaml"
    card.write_text(CARD, encoding="utf-8")
    with TestClient(create_app(Settings(card=card, home=home))) as client:
        leads = [*LEADS, {"lead_id": HOSTILE, "owner": HOSTILE, "employees": 1000}]
        answer = client.post("/v1/score/batch", json={"leads": leads, "as_of": DAY})
        assert answer.json()["scored"] == len(leads)
    return home


def list_leads(home: Path, *words: str, status: int = 0) -> str:
    """What the command prints."""
    done = run("leads", "list", "--home", home, "--card", home / "card.yaml", *words)
    assert done.exit_code == status, done.output
    return done.stdout if status == 0 else done.stderr


def test_the_table_fits_the_terminal(home: Path) -> None:
    """The best leads come first, in 80 columns, with hostile texts as escapes."""
    text = list_leads(home)
    lines = text.splitlines()
    assert [line.split() for line in lines[:2]] == [
        ["lead", "points", "grade", "recommendation", "since", "change"],
        ["L1", "90.0", "A", "promote", "lead", DAY, "new"],
    ]
    assert len(lines) == 6
    assert max(map(len, lines)) <= 80
    assert "\\x1b[31mred" in text
    assert not set("\x1b\u202e\t") & set(text)


def test_filters_and_json(home: Path) -> None:
    """The same filters as over HTTP, and all that the book has as JSON."""
    words = ["--owner", "Ann", "--field", "country=SE", "--order", "id", "--direction", "desc", "--not-snoozed"]
    listed = json.loads(list_leads(home, "--json", *words))
    assert [lead["lead"] for lead in listed["leads"]] == ["L1", "ACME/42"]
    assert listed["more"] is False
    listed = json.loads(list_leads(home, "--json", "--limit", "1", "--id", "L"))
    assert ([lead["lead"] for lead in listed["leads"]], listed["more"]) == (["L1"], True)
    assert list_leads(home, "--limit", "1").splitlines()[-1] == "There are more; see --limit."
    assert list_leads(home, "--owner", "nobody") == "The book has no such lead.\n"


def test_mistakes_name_their_option(home: Path) -> None:
    """Wrong filters are refused, all at once, each with its option."""
    text = list_leads(home, "--grade", "X", "--field", "employees=many", "--field", "contry=SE", status=1)
    assert text.splitlines() == [
        "--field contry: the card has no such field",
        "--grade: isn't one of its values. Use one of: A, B, C, D.",
        "--field employees: 'many' is not a number; write it like 25000, 2.5 or 1e6",
    ]
    assert "write it like country=SE" in list_leads(home, "--field", "country", status=2)
