"""`leadledger sync` says what it did, or would do, in words that fit a terminal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from leadledger.api.cli.commands import cli
from leadledger.api.sync.connectors import CONNECTORS
from tests.api.sync.servers.crm_server import answer_with, running
from tests.api.sync.servers.hubspot_server import TOKEN, HubSpotServer
from tests.api.sync.syncing import CARD
from tests.serving import PATIENCE, ROOT

Run = Callable[..., Result]


@pytest.fixture
def server() -> Iterator[HubSpotServer]:
    """An account with three contacts."""
    with running(HubSpotServer()) as server:
        for title in ("CEO", "CTO", "CEO"):
            server.create({"jobtitle": title, "seats": "20"})
        yield server


@pytest.fixture
def run(server: HubSpotServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, with a home, a card and a token."""
    card = tmp_path / "card.yaml"
    card.write_text(CARD, "utf-8")
    monkeypatch.setenv("LEADLEDGER_HUBSPOT_TOKEN", TOKEN)
    words = ["sync", "hubspot", "--url", server.url, "--home", str(tmp_path / "home"), "--card", str(card)]
    return lambda *more: CliRunner().invoke(cli, [*words, *more], catch_exceptions=False)


def test_from_the_first_run_on(server: HubSpotServer, run: Run, tmp_path: Path) -> None:
    """A dry run lists what would be written and makes no file; then properties are made, and leads are synced."""
    today = datetime.now(UTC).date().isoformat()
    dry = run("--dry-run")
    assert dry.exit_code == 0
    assert dry.output.splitlines()[:12] == [
        "HubSpot 4711: 3 records read with 5 calls",
        "3 would be scored",
        "",
        "record          property                      now             then",
        "101             leadledger_score                              62",
        "101             leadledger_points                             62",
        "101             leadledger_probability                        0.203356",
        "101             leadledger_grade                              B",
        "101             leadledger_recommendation                     promote",
        "101             leadledger_reasons                            +12.0 Decides",
        f"101             leadledger_as_of                              {today}",
        "101             leadledger_release",
    ]
    assert dry.output.splitlines()[-5:] == [
        "… and 4 more",
        "Properties that don't exist yet: leadledger_score, leadledger_points,",
        "  leadledger_probability, leadledger_grade, leadledger_recommendation,",
        "  leadledger_reasons, leadledger_as_of, leadledger_release; --fields makes them",
        "Would be written back: 3 records, 24 properties",
    ]
    assert not (tmp_path / "home" / "log.sqlite3").exists()
    assert run().exit_code == 1
    assert run("--fields").output.startswith("Properties of HubSpot 4711: made: leadledger_score,")
    assert run("--fields").output == "Properties of HubSpot 4711: all 8 were there already\n"
    assert run().output == (
        "HubSpot 4711: 3 records read with 6 calls\n"
        "3 scored; decisions that changed: 3\n"
        "Written back: 3 records, 24 properties\n"
    )
    assert run("--verify").output == "HubSpot 4711: 3 records compared, all hold what was written\n"
    assert all(len(line) <= 80 for line in dry.output.splitlines())


def test_what_was_left_alone(server: HubSpotServer, run: Run) -> None:
    """Whatever was not scored is named with the reason, and a comparison ends with status 1 where HubSpot differs."""
    run("--fields")
    run()
    server.change("101", {"leadledger_score": "99"})
    differs = run("--verify")
    assert (differs.exit_code, differs.output) == (
        1,
        "HubSpot 4711: 3 records compared, 1 holds other values; a sync with --rewrite\n"
        "  writes all again\n"
        "\n"
        "record          property                      now             written\n"
        "101             leadledger_score              99              62\n",
    )
    server.change("102", {"seats": "many"})
    server.delete("103")
    done = run("--json")
    report = json.loads(done.output)
    assert (report["unreadable"], report["deleted"], report["problems"][0]["id"]) == (1, 1, "102")
    server.hidden = {"jobtitle"}
    server.change("101", {"city": "Oslo"})
    assert run().output.split("call", 1)[1].split("\n", 1)[1] == (
        "0 scored\n"
        "2 records left alone, without properties that they had before: jobtitle. Give\n"
        "  the access the right to read them; if they are gone for good, run the sync\n"
        "  once with --accept-missing.\n"
        "  record 102: $.properties.seats 'many' is not a number; write it like 25000,\n"
        "  2.5 or 1e6\n"
        "Nothing to write back\n"
    )


def test_what_goes_wrong(server: HubSpotServer, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal is a sentence on stderr, without the token, and wrong usage is told as such."""
    server.always = answer_with(401, {"message": f"no {TOKEN}"})
    refused = run()
    assert (refused.exit_code, refused.output) == (
        1,
        "HubSpot (the account): the access is refused (401): “no ***”. Is the token right, and not expired or"
        " revoked?\n",
    )
    assert run("--dry-run", "--verify").exit_code == 2
    assert "'5x' is not an interval; write it like 5m, 30s or 1h" in run("--every", "5x").output
    monkeypatch.delenv("LEADLEDGER_HUBSPOT_TOKEN")
    assert run().output.startswith("HubSpot needs the token of a private app: set LEADLEDGER_HUBSPOT_TOKEN in")


@pytest.mark.parametrize("system", CONNECTORS)
def test_no_secret_is_an_option(system: str) -> None:
    """A secret has no option, since others see what a command was started with."""
    command = cli.commands["sync"].commands[system]  # type: ignore[attr-defined]
    options = {option.name for option in command.params}
    settings = CONNECTORS[system].settings
    assert options.isdisjoint(setting.name for setting in settings if setting.is_secret)
    assert options.issuperset(setting.name for setting in settings if not setting.is_secret)


@pytest.mark.slow
def test_again_and_again(server: HubSpotServer, run: Run, tmp_path: Path) -> None:
    """With --every it goes on after a failure, and ends in order."""
    run("--fields")
    command = [sys.executable, "-m", "leadledger", "sync", "hubspot", "--url", server.url, "--every", "1s"]
    words = ["--home", str(tmp_path / "home"), "--card", str(tmp_path / "card.yaml")]
    environment = {**os.environ, "LEADLEDGER_HUBSPOT_TOKEN": TOKEN, "PYTHONUNBUFFERED": "1"}
    server.faults.append(answer_with(403, {"message": "no scope"}))
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*command, *words], cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "the access lacks a right (403): “no scope”" in process.stderr.readline()
        assert process.stdout.readline() == "HubSpot 4711: 3 records read with 6 calls\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_a_day_of_scores(run: Run) -> None:
    """A sync scores as of an earlier day if it is told so; never as of one that lies ahead."""
    assert run("--fields").exit_code == 0
    assert run("--as-of", "2026-01-31", "--json").exit_code == 0
    ahead = run("--as-of", "9999-01-01")
    assert (ahead.exit_code, ahead.output.splitlines()[-1]) == (
        2,
        "Error: --as-of 9999-01-01 lies ahead; a sync scores as of today or an earlier day",
    )
