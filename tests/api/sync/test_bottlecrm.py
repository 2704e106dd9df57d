"""BottleCRM is synced both ways: the real application, by its own API on its own tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadledger.api.service.rescore import rescore_book
from leadledger.api.sync import bottlecrm
from leadledger.api.sync.account import list_property_kinds
from leadledger.api.sync.bottlecrm import BottleCrmConnector
from leadledger.api.sync.connector import RecordUpdate, Window
from leadledger.scoring.errors import SyncError
from tests.api.http.routes.test_hooks import await_truth
from tests.api.sync.bottlecrm import ROOT, BottleCrm, running_bottlecrm
from tests.api.sync.syncing import Site, opened_site
from tests.serving import forked

pytestmark = pytest.mark.slow

NAME = "bottlecrm"
CARD = (ROOT / "examples" / "bottlecrm" / "card.yaml").read_text("utf-8")
TODAY = date(2026, 3, 10)
OURS = "leadledger_"
HOT = {"need": "urgent", "budget": 60000, "decision_role": "decider", "last_visit": TODAY.isoformat()}


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BottleCrm]:
    """A BottleCRM without leads."""
    with running_bottlecrm(tmp_path_factory.mktemp("bottlecrm")) as crm:
        yield crm


@pytest.fixture
def site(tmp_path: Path, crm: BottleCrm) -> Iterator[Site]:
    """A home with the card for BottleCRM, which has no leads any more."""
    for name in ("open_leads", "close_leads"):
        for lead in crm.call("GET", "/api/leads/?limit=500")[1][name][name]:
            crm.delete_lead(lead["id"])
    with opened_site(tmp_path / "home", CARD) as site:
        yield site


@pytest.fixture
def connector(crm: BottleCrm, site: Site) -> Iterator[BottleCrmConnector]:
    """A connector, whose custom fields are made."""
    connector = BottleCrmConnector(crm.url, crm.token)
    kinds = list_property_kinds(site.loaded.reader.reply_for("bottlecrm"))
    connector.make_properties({name: kinds[name] for name in connector.find_missing_properties(kinds)})
    assert not connector.find_missing_properties(kinds)
    assert not connector.find_unfit_properties(kinds)
    yield connector
    connector.close()


def split(lead: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What we write to a lead, and all the rest of it but the time of its last change."""
    ours = {name: value for name, value in lead["custom_fields"].items() if name.startswith(OURS)}
    custom = {name: value for name, value in lead["custom_fields"].items() if name not in ours}
    return ours, {**lead, "custom_fields": custom, "updated_at": ""}


def test_both_ways(crm: BottleCrm, site: Site, connector: BottleCrmConnector) -> None:
    """Leads come into the book, results go back to our custom fields alone, and a second run has nothing to do."""
    hot = crm.create_lead(first_name="Ada", last_name="A", status="assigned", rating="COLD", custom_fields=HOT)
    cold = crm.create_lead(first_name="Bo", last_name="B", status="closed", custom_fields={"need": "none"})
    before = {lead: split(crm.read_lead(lead))[1] for lead in (hot, cold)}
    first = site.sync(connector, NAME, day=TODAY)
    assert (first.read, first.scored, first.written, first.is_whole) == (2, 2, 2, True)
    book = site.read_book()
    for lead in (hot, cold):
        ours, rest = split(crm.read_lead(lead))
        assert rest == before[lead]
        assert ours["leadledger_score"] == book[lead].score
        assert ours["leadledger_recommendation"] == book[lead].recommendation
        assert ours["leadledger_as_of"] == TODAY.isoformat()
    assert (book[hot].recommendation, book[cold].recommendation) == ("promote", "nurture")
    second = site.sync(connector, NAME, day=TODAY)
    assert (second.scored, second.unchanged, second.written, second.is_whole) == (0, 2, 0, False)

    crm.change_lead(cold, custom_fields={"need": "clear"})
    third = site.sync(connector, NAME, day=TODAY)
    assert (third.scored, third.written) == (1, 1)
    assert crm.read_lead(cold)["custom_fields"]["leadledger_score"] == site.read_book()[cold].score > book[cold].score

    for night in (1, 2):  # the visit fades; one night below the band ends the promotion
        rescore_book(site.log, site.loaded, site.home, TODAY + timedelta(days=night))
    fourth = site.sync(connector, NAME, day=TODAY + timedelta(days=2))
    assert fourth.scored == 0
    ours, rest = split(crm.read_lead(hot))
    assert ours["leadledger_recommendation"] == "demote"
    assert ours["leadledger_below_since"] == "2026-03-11"
    assert rest == before[hot]


def test_leads_that_leave(crm: BottleCrm, site: Site, connector: BottleCrmConnector) -> None:
    """Deleted and merged leads leave the book; a converted one is in no list, and stays."""
    deleted, merged, kept, converted = (
        crm.create_lead(first_name=name, last_name="L", email=f"{name}@example.com", custom_fields=HOT)
        for name in ("deleted", "merged", "kept", "converted")
    )
    assert site.sync(connector, NAME, day=TODAY).scored == 4
    crm.delete_lead(deleted)
    status, answer = crm.call("POST", f"/api/leads/{kept}/merge/", {"merge_id": merged})
    assert status == 200, answer
    crm.change_lead(converted, status="converted")
    report = site.sync(connector, NAME, day=TODAY, is_whole=True)
    assert report.deleted == 2
    assert set(site.read_book()) == {kept, converted}
    assert crm.read_lead(converted)["status"] == "converted"
    status, answer = crm.call("PATCH", f"/api/leads/{converted}/", {"custom_fields": {"need": "none"}})
    assert (status, site.sync(connector, NAME, day=TODAY, is_whole=True).scored) == (200, 1), answer
    assert site.read_book()[converted].recommendation != "promote"


def test_nothing_is_missed_between_pages(
    crm: BottleCrm, site: Site, connector: BottleCrmConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leads that are deleted while pages are read move others up into pages that were read: they are read again."""
    monkeypatch.setattr(bottlecrm, "PAGE", 6)
    monkeypatch.setattr(bottlecrm, "REPEATED", 2)
    leads = {crm.create_lead(first_name=f"{number}", last_name="P") for number in range(24)}
    crm.change_lead(min(leads), status="closed")
    read: list[str] = []
    pages = connector.read_changes(Window("", ""), ())
    read += [record.id for record in next(pages).records]
    for lead in sorted(leads, reverse=True)[:5]:  # of the first page
        crm.delete_lead(lead)
        leads.discard(lead)
    read += [record.id for page in pages for record in page.records]
    assert len(read) == len(set(read))
    assert leads <= set(read)


def test_updates_are_refused_one_by_one(crm: BottleCrm, connector: BottleCrmConnector) -> None:
    """Of several updates each has its outcome; none that is refused holds up the others."""
    lead = crm.create_lead(first_name="Ada", last_name="A")
    updates = [
        RecordUpdate(lead, {"custom_fields.need": "no such need"}),
        RecordUpdate("00000000-0000-4000-8000-000000000000", {"custom_fields.need": "clear"}),
        RecordUpdate(lead, {"custom_fields.need": "clear"}),
    ]
    refused, gone, written = connector.write(updates)
    assert "must be one of" in refused.problem
    assert gone.is_gone
    assert (written.problem, crm.read_lead(lead)["custom_fields"]) == ("", {"need": "clear"})
    assert connector.read_records(["../org/settings", "00000000-0000-4000-8000-000000000000"], ()) == []


def test_a_wrong_token(crm: BottleCrm) -> None:
    """A token that nobody has opens nothing."""
    connector = BottleCrmConnector(crm.url, "bcrm_pat_wrong")
    with pytest.raises(SyncError, match=r"^BottleCRM \(the owner of the token\): the access lacks a right \(403\)"):
        connector.check()
    connector.close()


def test_its_webhook(crm: BottleCrm, site: Site, connector: BottleCrmConnector) -> None:
    """BottleCRM's own webhook, signed by itself, brings a change into the book and the score back at once."""
    lead = crm.create_lead(first_name="Ada", last_name="A", custom_fields={"need": "none"})
    assert site.sync(connector, NAME, day=TODAY).scored == 1
    with forked(site.home, card=site.home / "card.yaml") as port:
        secret = crm.run("hook", f"http://127.0.0.1:{port}/v1/hooks/bottlecrm")
        secrets = site.home / "crm-secrets"
        secrets.touch(0o600)
        secrets.write_text(
            f"LEADLEDGER_BOTTLECRM_URL={crm.url}\nLEADLEDGER_BOTTLECRM_TOKEN={crm.token}\n"
            f"LEADLEDGER_BOTTLECRM_HOOK_SECRET={secret}\n"
        )
        crm.change_lead(lead, custom_fields={"need": "urgent"})
        await_truth(lambda: crm.read_lead(lead)["custom_fields"]["leadledger_score"] == 62)
