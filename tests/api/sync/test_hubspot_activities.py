"""Mails, calls, meetings and tasks of HubSpot count for the leads that they are of."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from leadledger.api.log import tables
from leadledger.api.sync.connector import Window
from leadledger.api.sync.hubspot import HubSpotConnector
from leadledger.scoring.errors import SyncError
from tests.api.sync.servers.crm_server import CrmHandler, CrmReply, CrmRequest
from tests.api.sync.servers.hubspot_server import HubSpotServer
from tests.api.sync.syncing import CARD, opened_site

NAME = "hubspot/contacts"
TODAY = datetime.now(UTC).date()
COUNTED = CARD.replace(
    "base_rate:",
    """  calls: {kind: number, is: "count(call, 30 days)"}
events:
  call: {fields: {subject: {kind: text}}}
  mail: {}
base_rate:""",
).replace("rules:\n", "rules:\n  - {name: talked, when: calls >= 1, points: 8, reason: We talked}\n")


def add_activity(server: HubSpotServer, kind: str, contacts: list[str], **properties: str) -> None:
    """An activity of some contacts, today: events count from the day on which the first one is received."""
    activity = server.create({"hs_timestamp": f"{TODAY}T00:00:01Z", **properties}, kind)
    server.associations[kind, activity] = contacts


def test_they_count_at_once(server: HubSpotServer, connector: HubSpotConnector, tmp_path: Path) -> None:
    """A call moves the score of its leads in the same run, each counts once, and what isn't done doesn't count."""
    with opened_site(tmp_path / "counted", COUNTED) as site:
        ids = [server.create({"company": str(number)}) for number in range(3)]
        add_activity(server, "calls", ids[:2], hs_call_title="Intro", hs_call_status="COMPLETED")
        add_activity(server, "emails", [ids[2], "987654"], hs_email_subject="Hello")
        add_activity(server, "tasks", ids, hs_task_subject="Ask again", hs_task_status="NOT_STARTED")
        server.denied = {"meetings"}
        first = site.sync(connector, NAME, day=TODAY)
        assert (first.events, first.skipped_events) == (3, 1)
        assert first.notes == ["Activities left out: the token lacks the scope to read meetings"]
        with site.log.engine.connect() as connection:
            rows = connection.execute(select(tables.events)).all()
        assert {(row.lead, row.kind) for row in rows} == {(ids[0], "call"), (ids[1], "call"), (ids[2], "mail")}
        assert {row.properties for row in rows if row.kind == "call"} == {'{"status":"COMPLETED","subject":"Intro"}'}
        server.denied = set()
        add_activity(server, "calls", [ids[2]], hs_call_title="Again", hs_call_status="COMPLETED")
        second = site.sync(connector, NAME, day=TODAY)
        assert (second.events, second.written, second.notes[1:]) == (1, 1, [])
        score = server.stores["contacts"].records[ids[2]].properties["leadledger_score"]
        assert score == str(site.read_book()[ids[2]].score)


@pytest.mark.parametrize("item", [{}, {"from": None, "to": []}, {"from": {"id": "1"}, "to": [7]}, "nonsense"])
def test_associations_that_are_none(server: HubSpotServer, connector: HubSpotConnector, item: Any) -> None:
    """What doesn't say which records an activity is of ends the run in words."""
    add_activity(server, "calls", [server.create({"company": "x"})], hs_call_status="COMPLETED")

    def answer(handler: CrmHandler, request: CrmRequest) -> CrmReply | None:
        return CrmReply(200, {"results": [item]}) if "/associations/" in request.path else None

    connector.check()
    server.always = answer
    with pytest.raises(SyncError) as refused:
        list(connector.read_activities(Window("2020-01-01T00:00:00Z", connector.now())))
    assert str(refused.value) == (
        "HubSpot (what activities are of) answered without the ids of what it joins; the next run tries again."
    )
