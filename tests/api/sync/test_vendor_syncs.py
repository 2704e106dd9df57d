"""Salesforce, Dynamics and Odoo are synced both ways by the command, over servers that stand in for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from leadledger.scoring.card.write_back import DEFAULT_PROPERTIES
from tests.api.sync.servers.crm_server import answer_with
from tests.api.sync.worlds import WORLDS, World
from tests.command_line import run

CARD = """
name: synced
events:
  call: {}
fields:
  lead_id: {kind: id}
  company: {kind: text, learn: no}
  owner: {kind: text, learn: no, from: {salesforce: Owner.Name}}
  employees: {kind: number, from: {odoo: x_employees}}
  calls: {kind: number, is: "count(call, 90 days)"}
base_rate: 0.1
rules:
  - {name: large, when: employees >= 100, points: 20, reason: Is large}
  - {name: called, when: calls >= 1, points: 6, reason: Was called}
stages: [{name: lead}, {name: opportunity, points: 60}]
"""


@pytest.fixture(params=["salesforce", "dynamics", "odoo"])
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A system whose clock is about ours, with its secrets in the environment, and a card."""
    (tmp_path / "card.yaml").write_text(CARD, "utf-8")
    with WORLDS[request.param]() as world:
        world.leads.now = datetime.now(UTC) - timedelta(hours=2)  # what happens meanwhile is of no later day
        for setting in world.kind.settings:
            monkeypatch.setenv(world.kind.name_variable(setting), world.settings.get(setting.name, ""))
        monkeypatch.setenv(f"LEADLEDGER_{world.kind.system}_URL".upper(), world.server.url)
        monkeypatch.setenv("COLUMNS", "80")
        yield world


def sync(world: World, home: Path, *words: str) -> Result:
    """A run of the command, whose words fit a terminal and hold no secret."""
    result = run("sync", world.kind.system, "--home", home, "--card", home / "card.yaml", *words)
    assert not any(secret in result.output for secret in world.secrets)
    if "--json" not in words and result.exit_code == 0:
        assert max((len(line) for line in result.output.splitlines()), default=0) <= 80
    return result


def sync_json(world: World, home: Path, *words: str) -> dict[str, Any]:
    """What a run says as JSON, which must end well."""
    result = sync(world, home, "--json", *words)
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def read_values(world: World, record_id: str) -> dict[str, Any]:
    """What the system holds of what was written to a lead, by output."""
    values = world.leads.records[record_id].values
    return {output: values.get(name) for output, name in DEFAULT_PROPERTIES[world.kind.system].items()}


def test_both_ways(world: World, tmp_path: Path) -> None:
    """Properties are made, leads scored, results written; a second run writes nothing, a third what changed."""
    small, large, gone = world.add(5), world.add(500), world.add(7)
    world.leads.tick(2)
    refused = sync(world, tmp_path)
    assert refused.exit_code == 1
    assert DEFAULT_PROPERTIES[world.kind.system]["score"] in refused.output
    made = sync_json(world, tmp_path, "--fields")["made"]
    assert made == list(DEFAULT_PROPERTIES[world.kind.system].values())

    first = sync_json(world, tmp_path)
    assert (first["read"], first["scored"], first["written"]) == (3, 3, 3)
    written = read_values(world, large)
    assert (written["score"], written["recommendation"], written["reasons"]) == (70, "promote", "+20.0 Is large")
    assert written["probability"] == pytest.approx(0.307692, abs=0.01)
    assert read_values(world, small)["recommendation"] == "nurture"

    world.leads.tick(5)
    before = {record.id: record.stamp for record in world.leads.seen()}
    second = sync_json(world, tmp_path)
    assert (second["scored"], second["written"]) == (0, 0)
    assert {record.id: record.stamp for record in world.leads.seen()} == before

    world.leads.tick(5)
    world.leads.change(small, **{world.employees: 800})
    world.leads.delete(gone)
    world.leads.tick(5)
    third = sync_json(world, tmp_path, "--whole")
    assert (third["scored"], third["written"], third["deleted"]) == (1, 1, 1)
    assert read_values(world, small)["score"] == 70
    verified = sync_json(world, tmp_path, "--verify")
    assert (verified["records"], verified["differing"]) == (2, 0)
    world.leads.change(small, **{DEFAULT_PROPERTIES[world.kind.system]["score"]: 99})
    assert sync(world, tmp_path, "--verify").exit_code == 1
    text = sync(world, tmp_path)
    assert text.exit_code == 0
    assert "Nothing to write back" in text.output


def test_activities_count(world: World, tmp_path: Path) -> None:
    """A call that was made with a lead comes as an event, and moves its score."""
    lead = world.add(5)
    world.leads.tick(2)
    sync_json(world, tmp_path, "--fields")
    sync_json(world, tmp_path)
    assert read_values(world, lead)["score"] == 50
    world.leads.tick(30)
    world.add_call(lead)
    world.leads.tick(2)
    run_with_call = sync_json(world, tmp_path)
    assert (run_with_call["events"], run_with_call["written"]) == (1, 1)
    assert read_values(world, lead)["score"] == 56
    again = sync_json(world, tmp_path)
    assert (again["events"], again["written"]) == (0, 0)


def test_merged_leads(world: World, tmp_path: Path) -> None:
    """Of two that are merged, one stays in the book and is written to; the other is left alone."""
    lead, other = world.add(500), world.add(7)
    world.leads.tick(2)
    sync_json(world, tmp_path, "--fields")
    sync_json(world, tmp_path)
    world.leads.tick(60)
    world.leads.merge(other, lead)
    world.leads.tick(120)
    done = sync_json(world, tmp_path, "--whole")
    assert (done["deleted"], done["merged"]) == ((0, 1) if world.shows_merged else (1, 0))
    listed = run("leads", "list", "--home", tmp_path, "--card", tmp_path / "card.yaml", "--json")
    assert [row["lead"] for row in json.loads(listed.stdout)["leads"]] == [lead]


def test_a_refused_record_waits(world: World, tmp_path: Path) -> None:
    """One that the system refuses is named, the others are written."""
    lead, other = world.add(500), world.add(7)
    world.leads.refusals[lead] = world.refusal
    world.leads.tick(2)
    sync_json(world, tmp_path, "--fields")
    done = sync_json(world, tmp_path)
    assert (done["written"], done["refused"]) == (1, 1)
    assert read_values(world, other)["score"] == 50
    assert "not on a Monday" in json.dumps(done["problems"])


def test_a_system_that_is_down(world: World, tmp_path: Path) -> None:
    """It is told in plain words, and the next run goes on."""
    world.add(500)
    world.leads.tick(2)
    sync_json(world, tmp_path, "--fields")
    world.meet(answer_with(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]))
    result = sync(world, tmp_path)
    assert result.exit_code == 1
    assert world.kind.title in result.output
    assert "Traceback" not in result.output
    world.meet(None)
    assert sync_json(world, tmp_path)["written"] == 1
