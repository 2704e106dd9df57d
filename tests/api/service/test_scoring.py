"""Score, record, answer: what HTTP, tools and pages share, without any of them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from leadledger.api.requests.mistakes import Refusal, format_path
from leadledger.api.requests.parameters import PageParameters
from leadledger.api.service.answering import answer_batch, answer_score
from leadledger.api.service.history import answer_lead_scores, answer_logged_score, answer_replay
from leadledger.api.service.outcomes import add_outcome
from leadledger.api.service.program_log import ProgramLog
from leadledger.api.service.scoring import ScoreCall, trim
from leadledger.api.service.service import Service, open_service
from leadledger.api.service.settings import Settings
from leadledger.scoring.engine.score import get_engine
from tests.api.answers import BATCH, CARD, DAY, LEAD, ROOT, SCORE, SCORECARD, score_directly


def call(service: Service, body: Any, path: str = SCORE, **options: Any) -> Any:
    """The answer to a body, parsed."""
    answer = {SCORE: answer_score, BATCH: answer_batch}[path]
    sent = ScoreCall(path, b"", json.dumps(body).encode(), **options)
    return json.loads(asyncio.run(answer(service, sent)))


def test_a_score_without_a_web_server() -> None:
    """A body is scored as over HTTP, and counted."""
    service = open_service(Settings(card=CARD, log="off"), ProgramLog("error"))
    assert call(service, {"lead": LEAD, "as_of": DAY}) == score_directly(LEAD)
    items = call(service, {"leads": [LEAD, 7], "as_of": DAY}, BATCH)["results"]
    assert [item["status"] for item in items] == [200, 422]
    assert items[0]["result"] == score_directly(LEAD)
    counted = f'leadledger_scores_total{{recommendation="{items[0]["result"]["recommendation"]}",release=""}} 2.0'
    assert counted in service.metrics.render(service.loaded).decode()


def test_mistakes_without_a_web_server() -> None:
    """A refusal is an exception that holds the mistakes, each with its path."""
    service = open_service(Settings(card=CARD, log="off"), ProgramLog("error"))
    with pytest.raises(Refusal) as refused:
        call(service, {"lead": {"employees": "many"}})
    assert [format_path(mistake.path) for mistake in refused.value.mistakes] == ["$.lead.employees"]


def test_recorded_and_repeated(tmp_path: Path) -> None:
    """A score is recorded, an Idempotency-Key repeats its answer, and the log knows what became of the lead."""

    async def run() -> None:
        service = open_service(Settings(card=CARD, home=tmp_path), ProgramLog("error"))
        async with service.running():
            content = json.dumps({"lead": LEAD | {"lead_id": "L1"}, "as_of": DAY}).encode()
            sent = ScoreCall(SCORE, b"", content, "3f9c01ab", b"first")
            answer = await answer_score(service, sent)
            assert await answer_score(service, sent) == answer
            with pytest.raises(Refusal, match="another request"):
                await answer_score(service, sent._replace(content=b'{"lead": {}}'))
            score_id = json.loads(answer)["id"]
            logged = await answer_logged_score(service, score_id)
            assert json.loads(logged)["key"] == "3f9c01ab"
            assert logged.endswith(b',"result":' + answer + b"}")
            replayed = json.loads(await answer_replay(service, score_id))
            assert (replayed["identical"], replayed["points"]) == (True, replayed["replayed"])
            outcome = {"lead": "L1", "became": "opportunity", "on": "2026-03-01"}
            assert (await add_outcome(service, outcome, "3f9c01ab"))["new"]
            history = json.loads(await answer_lead_scores(service, "L1", PageParameters()))
            assert [score["id"] for score in history["scores"]] == [score_id]
            assert [outcome["became"] for outcome in history["outcomes"]] == ["opportunity"]

    asyncio.run(run())


def test_outcomes_that_are_refused(tmp_path: Path) -> None:
    """What a lead can't become is refused with what it can."""
    service = open_service(Settings(card=CARD, log="off"), ProgramLog("error"))
    with pytest.raises(Refusal) as refused:
        asyncio.run(add_outcome(service, {"lead": [], "became": "won", "on": None}, ""))
    assert [(format_path(mistake.path), mistake.reason) for mistake in refused.value.mistakes] == [
        ("$.lead", "is not an id of a lead: a text of 1 to 200 characters"),
        ("$.became", "is not a stage of this card. Use one of: contact, lead, opportunity, customer, lost."),
        ("$.on", "is null; send a day like 2026-01-31"),
    ]


def test_trimmed_results_keep_their_entries() -> None:
    """`top` keeps the strongest three entries each way, in the order of the ledger, and not where a lead starts."""
    result = get_engine(SCORECARD).score(LEAD, date.fromisoformat(DAY))
    kept = trim(result, "top").ledger
    entries = [entry for entry in result.ledger if entry.kind != "start"]
    assert [entry for entry in entries if entry in kept] == list(kept)
    assert sum(entry.tenths > 0 for entry in kept) == 3 < sum(entry.tenths > 0 for entry in entries)
    assert trim(result, "none").recommendation.reasons == ()


@pytest.mark.slow
def test_no_web_framework_is_loaded() -> None:
    """Scoring a body loads neither FastAPI nor Starlette nor a server."""
    code = (
        "import sys\n"
        "import leadledger.api.service.answering, leadledger.api.service.history, leadledger.api.service.outcomes\n"
        "import leadledger.api.service.releases, leadledger.api.log.idempotency\n"
        "loaded = {'fastapi', 'starlette', 'uvicorn', 'httptools'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
