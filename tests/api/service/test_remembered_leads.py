"""Where a lead doesn't say what was recommended last, the book remembers it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.log import database, tables
from leadledger.api.log.record import find_lead_id
from leadledger.api.service.remembered_leads import RememberedLeads
from leadledger.api.service.settings import Settings
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.cleaning import Lead
from tests.api.crm.test_advice_circle import CARD, WALK
from tests.api.hooks.decisions import book_row
from tests.logs import DATABASES, database_of


@pytest.fixture(scope="module", params=DATABASES)
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service whose card holds promotions."""
    home = tmp_path_factory.mktemp("home")
    (home / "card.yaml").write_text(CARD, encoding="utf-8")
    with (
        database_of(request.param, home) as url,
        TestClient(create_app(Settings(card=home / "card.yaml", home=home, log_url=url))) as client,
    ):
        yield client


def score_lead(client: TestClient, day: str, in_batch: bool = False, **values: Any) -> dict[str, Any]:
    """The answer to a lead on a day, alone or in a batch."""
    if not in_batch:
        answer: dict[str, Any] = client.post("/v1/score", json={"lead": values, "as_of": day}).json()
        return answer
    items = client.post("/v1/score/batch", json={"leads": [values, {}], "as_of": day}).json()["results"]
    result: dict[str, Any] = items[0]["result"]
    return result


def list_advice(result: dict[str, Any]) -> list[Any]:
    """What is advised, since when, and since when the lead is below the band."""
    return [result["recommendation"], result["recommended_since"], result["below_since"]]


@pytest.mark.slow
@pytest.mark.parametrize("in_batch", [False, True])
def test_the_book_closes_the_circle(client: TestClient, in_batch: bool) -> None:
    """Advice over time is the same from the book as from a CRM that sends back what it was answered, and replays."""
    lead = f"walk {in_batch}"
    for day, worth, *advice in WALK:
        result = score_lead(client, day, in_batch, lead_id=lead, worth=worth)
        assert list_advice(result) == advice, day
        known = client.get(f"/v1/leads/{lead}").json()
        assert [known["recommendation"], known["since"]] == advice[:2]
        assert known["result"] == result
        replayed = client.get(f"/v1/scores/{result['id']}/replay").json()
        assert replayed["identical"], day


def test_what_the_lead_says_itself_counts(client: TestClient) -> None:
    """A CRM that sends the last recommendation is believed, whatever the book has."""
    score_lead(client, "2026-03-02", lead_id="L1", worth=2)
    sent = {"last_recommendation": "nurture", "recommended_to": "lead", "recommended_since": "2026-02-01"}
    result = score_lead(client, "2026-03-03", False, lead_id="L1", worth=1, **sent)
    assert list_advice(result) == ["nurture", "2026-02-01", None]
    assert client.get("/v1/leads/L1").json()["since"] == "2026-02-01"


def test_a_score_of_a_past_day_remembers_nothing_later(client: TestClient) -> None:
    """What was recommended or rejected after the day of a score doesn't count in it."""
    score_lead(client, "2026-03-10", lead_id="L2", worth=2)
    engine = client.app.state.service.decision_log.store.engine  # type: ignore[attr-defined]
    with engine.execution_options(**database.WRITES).begin() as connection:
        connection.execute(tables.book.update().where(tables.book.c.key == "L2").values(rejected_on="2026-03-08"))
    assert list_advice(score_lead(client, "2026-03-05", lead_id="L2", worth=1))[0] == "nurture"
    assert list_advice(score_lead(client, "2026-03-07", lead_id="L2", worth=2))[0] == "promote"
    assert list_advice(score_lead(client, "2026-03-09", lead_id="L2", worth=2))[0] == "nurture"


def test_another_card_has_a_memory_of_its_own() -> None:
    """Of what another card recommended nothing is remembered, but that sales rejected the lead."""
    card = parse_card(CARD)
    values = {field.name: None for field in card.plain_fields} | {"lead_id": "L1"}
    assert find_lead_id(card, values) == "L1"
    row = book_row(card="another", as_of="2026-03-01", recommendation="promote", rejected_on="2026-02-20")
    lead = RememberedLeads(card, {"L1": row}).complete(Lead(values), date(2026, 3, 2))
    assert {name: value for name, value in lead.values.items() if value is not None} == {
        **{"lead_id": "L1", "rejected_on": date(2026, 2, 20)},
    }
    own = RememberedLeads(card, {"L1": row._replace(card="circle")}).complete(Lead(values), date(2026, 3, 2))
    assert own.values["last_recommendation"] == "promote"


def test_a_card_without_memory_reads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card without `hold` and `cool_down` doesn't read the book to score."""
    card = CARD.replace(", hold: {band: 8, days: 14}, cool_down: 10 days", "")
    (tmp_path / "card.yaml").write_text(card, encoding="utf-8")
    with TestClient(create_app(Settings(card=tmp_path / "card.yaml", home=tmp_path))) as client:
        monkeypatch.delattr("leadledger.api.log.book_store.BookStore.read_leads")
        assert client.post("/v1/score", json={"lead": {"lead_id": "L1"}}).status_code == 200
