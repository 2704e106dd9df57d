"""A client generated from the OpenAPI 3.0 document, as users would generate it, calls a running service."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx2
import pytest

from tests.serving import with_key

ROOT = Path(__file__).parents[3]
CARD = ROOT / "examples" / "b2b-software" / "card.yaml"
NAME = "leadledger_client"  # of the generated package


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """A running service, a client generated from its description, and a finder of the client's modules."""
    with with_key(tmp_path, "--card", str(CARD)) as (address, key):
        answer = httpx2.get(f"{address}/openapi-3.0.json", headers={"X-API-Key": key})
        (tmp_path / "openapi.json").write_bytes(answer.content)
        (tmp_path / "config.json").write_text('{"post_hooks": []}')  # to format the code is of no use here
        command = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning", "--meta", "none"]
        files = ["--path", "openapi.json", "--config", "config.json", "--output-path", NAME]
        done = subprocess.run([*command, *files], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        monkeypatch.syspath_prepend(tmp_path)
        client = importlib.import_module(NAME).AuthenticatedClient(base_url=address, token=key)
        with client:
            yield SimpleNamespace(client=client, find=lambda name: importlib.import_module(f"{NAME}.{name}"))
    for name in [module for module in sys.modules if module.partition(".")[0] == NAME]:
        del sys.modules[name]


@pytest.mark.slow
def test_a_generated_client_works(made: SimpleNamespace) -> None:
    """It sends leads and an outcome, and gets scores, history, the card, a refusal and a batch, each typed."""
    models = made.find("models")
    lead = models.Lead(lead_id="L1", budget=25000.0, demo_requested=True, need=models.LeadNeed.URGENT)
    request = models.ScoreRequest(lead=lead)
    result = made.find("api.score.score").sync(client=made.client, body=request)
    assert isinstance(result, models.Result)
    assert sum(round(entry.points * 10) for entry in result.ledger) == round(result.points * 10)
    assert result.criteria.additional_properties["budget"] == "met"

    outcome = models.OutcomeRequest(lead="L1", became=models.OutcomeRequestBecame.LOST, on=result.as_of)
    assert made.find("api.outcomes.add_outcome").sync(client=made.client, body=outcome).new is True

    history = made.find("api.history.get_lead_scores").sync("L1", client=made.client)
    assert ([score.id for score in history.scores], history.outcomes[0].became) == ([result.id], "lost")
    again = made.find("api.history.replay_score").sync(result.id, client=made.client)
    assert again.identical
    assert again.result == result
    card = made.find("api.scorecard.get_scorecard").sync(client=made.client)
    assert (card.name, card.groups[0].max_.declared) == ("b2b-software", 20.0)
    assert made.find("api.keys.get_me").sync(client=made.client).key.name == "all"

    lead.additional_properties["employees_"] = 1
    lead.employees = "many"
    refusal = made.find("api.score.score").sync(client=made.client, body=request)
    assert isinstance(refusal, models.Problem)
    assert [(error.path, error.value) for error in refusal.errors] == [("$.lead.employees", "many")]
    batch = models.BatchRequest(leads=[lead, models.Lead()])
    answer = made.find("api.score.score_batch").sync(client=made.client, body=batch)
    assert [(item.status, len(item.errors)) for item in answer.results] == [(422, 1), (200, 0)]
