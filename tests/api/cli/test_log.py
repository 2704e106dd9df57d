"""`leadledger log forget`: an erasure that erased nothing is no success."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.service.settings import Settings
from tests.api.answers import CARD
from tests.api.log.scored_leads import scored
from tests.command_line import run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose log has scores of three leads."""
    with TestClient(create_app(Settings(card=CARD, home=tmp_path))) as client:
        for lead in ("A10", "ACME/42", "00QWU000004xYZa2AM"):
            scored(client, lead_id=lead)
    return tmp_path


@pytest.mark.parametrize("lead", [" A10 ", "ACME/42", "00QWU000004xYZa"])
def test_a_lead_is_forgotten(home: Path, lead: str) -> None:
    """Whatever white space is around its id, and under either spelling of Salesforce."""
    done = run("log", "forget", lead, "--home", home)
    assert done.stdout == f"{lead.strip()} is forgotten. Scores made anonymous: 1. Events erased: 0.\n"


@pytest.mark.parametrize(
    ("lead", "near"),
    [("a10", " There are scores of: 'A10'."), ("ACME/4", " There are scores of: 'ACME/42'."), ("Z", "")],
)
def test_an_unknown_lead_is_an_error(home: Path, lead: str, near: str) -> None:
    """Status 1, and the ids that may be meant."""
    done = run("log", "forget", lead, "--home", home)
    message = f"the log has no scores and no events of a lead '{lead}', so none were erased.{near}\n"
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", message)
