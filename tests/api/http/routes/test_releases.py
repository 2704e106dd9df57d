"""Releases over HTTP: listed, chosen, and picked up by a service that runs, without a restart and under load."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.cli.commands import cli
from leadledger.api.log import database
from leadledger.api.log.record import encode_answer
from leadledger.api.log.replay import Replayer
from leadledger.api.log.store import LogStore
from leadledger.api.service import service
from leadledger.api.service.settings import Settings
from leadledger.models.durable_files import replace_file
from leadledger.models.releases import store
from leadledger.models.releases.store import Releases
from leadledger.scoring.bins import FlagBins
from leadledger.scoring.lookup import Table
from leadledger.scoring.scorecard import Learned
from tests.api.answers import validator
from tests.serving import PATIENCE, commanded

CARD = """\
name: small
fields:
  lead_id: {kind: id}
  a: {kind: flag}
rules:
- {name: r, when: a, points: 8, reason: R}
"""
ONE, TWO = "2026-01-01-001", "2026-01-01-002"
LEAD: dict[str, Any] = {"lead": {"lead_id": "L", "a": True}, "as_of": "2026-01-01"}
SWITCHES = 20
CALLERS = 6


def publish(home: Path, points: int, card: str = CARD) -> str:
    """A release that gives a lead with `a` so many tenths; it is current."""
    learned = Learned(base_rate=0.1, terms=(Table("a", FlagBins(), (0, -points, points), (1, 1, 1)),))
    return Releases(home).publish(
        card, learned, metrics={"auc": 0.7}, provenance={}, created=datetime(2026, 1, 1, tzinfo=UTC), note="n"
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two releases, the second of which is current."""
    assert [publish(tmp_path, 30), publish(tmp_path, 50)] == [ONE, TWO]
    return tmp_path


@pytest.fixture
def client(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A service that looks often which release is current."""
    monkeypatch.setattr(service, "RELEASE_INTERVAL", 0.01)
    with TestClient(create_app(Settings(home=home))) as client:
        yield client


def served(client: TestClient) -> set[str]:
    """What the routes say that is served."""
    release = client.post("/v1/score", json=LEAD).json()["release"]
    listed = client.get("/v1/releases").json()
    shown = {release["name"] for release in listed["releases"] if release["served"]}
    return {
        release,
        listed["serves"],
        *shown,
        client.get("/health/ready").json()["release"],
        client.get("/v1/scorecard").json()["release"],
        client.get("/openapi.json").json()["components"]["schemas"]["Result"]["examples"][0]["release"],
    }


def comes_to(client: TestClient, release: str) -> bool:
    """Whether a release is served within a while."""
    end = time.monotonic() + PATIENCE
    while client.get("/health/ready").json()["release"] != release:
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


# -- lists and chooses -------------------------------------------------------------------------------------------------


def test_releases_are_listed(client: TestClient) -> None:
    """Oldest first, with what is current and what is served."""
    listed = client.get("/v1/releases").json()
    assert {member: listed[member] for member in ("serves", "follows", "problem")} == {
        "serves": TWO,
        "follows": True,
        "problem": "",
    }
    shared = {"created": "2026-01-01T00:00:00+00:00", "card": "small", "note": "n", "metrics": {"auc": 0.7}}
    assert listed["releases"] == [
        {"name": name, "current": name == TWO, "served": name == TWO, "problem": "", **shared} for name in (ONE, TWO)
    ]


def test_a_release_is_chosen(client: TestClient, home: Path) -> None:
    """From the answer on, all routes speak of it; choosing it again changes nothing."""
    for was in (TWO, ONE):
        answer = client.post(f"/v1/releases/{ONE}/use")
        assert (answer.status_code, answer.json()) == (200, {"release": ONE, "was": was})
        assert served(client) == {ONE}
        assert Releases(home).current() == ONE


@pytest.mark.slow
def test_a_choice_stays(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at the current release at the same moment doesn't bring back the one from before."""
    current = Releases.current

    def slowly(releases: Releases) -> str | None:
        release = current(releases)
        time.sleep(0.005)
        return release

    monkeypatch.setattr(Releases, "current", slowly)
    for at in range(40):
        name = (ONE, TWO)[at % 2]
        client.post(f"/v1/releases/{name}/use")
        for _ in range(5):
            assert client.get("/health/ready").json()["release"] == name


def test_another_current_release_is_picked_up(client: TestClient, home: Path) -> None:
    """One that is made current by the command line, or that is new, is served without a restart."""
    Releases(home).use(ONE)
    assert comes_to(client, ONE)
    assert served(client) == {ONE}
    new = publish(home, 70)
    assert comes_to(client, new)
    assert client.post("/v1/score", json=LEAD).json()["points"] == 50 + 8 + 7


def test_history_shows_the_release(client: TestClient) -> None:
    """Between two scores of a lead under two releases, the release is the cause."""
    client.post("/v1/score", json=LEAD)
    client.post(f"/v1/releases/{ONE}/use")
    client.post("/v1/score", json=LEAD)
    newest = client.get("/v1/leads/L/scores").json()["scores"][0]
    assert newest["release"] == ONE
    assert [(move["name"], move["cause"], move["moved"]) for move in newest["moved"]] == [("a", "release", -2.0)]


# -- refuses -----------------------------------------------------------------------------------------------------------


def damage(home: Path, name: str) -> None:
    """Change a file of a release, as nobody should."""
    file = home / "releases" / name / "learned.json"
    file.chmod(0o600)
    file.write_text("{}")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["2026-01-01-009", "..", "%2e%2e", "A", "a%2fb", "x" * 300])
def test_no_such_release(client: TestClient, name: str) -> None:
    """A name that no release has is not found, whatever it looks like, and nothing changes."""
    answer = client.post(f"/v1/releases/{name}/use")
    assert answer.status_code == 404
    assert served(client) == {TWO}


def test_a_home_that_can_t_be_written_to(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a read-only home no release can be chosen: it is said, and the one before is served on."""

    def fail(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(store, "replace_file", fail)
    answer = client.post(f"/v1/releases/{ONE}/use")
    assert (answer.status_code, answer.json()["detail"]) == (
        503,
        f"The home can't be written to, and {TWO} is served on: release {ONE} is there, but can't be made current:"
        " Read-only file system.",
    )
    assert served(client) == {TWO}


def test_a_damaged_release_is_refused(client: TestClient, home: Path) -> None:
    """It can't be chosen, and the one before is served on."""
    damage(home, ONE)
    answer = client.post(f"/v1/releases/{ONE}/use")
    assert answer.status_code == 409
    assert re.fullmatch(
        rf"It can't be used, and {TWO} is served on: release {ONE} is refused:\n"
        r"  learned.json is not what was published: its SHA-256 is \w+…, \w+… is recorded\n"
        rf"A release is never edited; `leadledger releases use {TWO}` chooses another\.",
        answer.json()["detail"],
    )
    assert served(client) == {TWO}
    assert Releases(home).current() == TWO


def test_a_damaged_current_release_is_not_picked_up(
    client: TestClient, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """If it is current all the same, the one before is served on, the list and the log say why; then it is mended."""
    good = (home / "releases" / ONE / "learned.json").read_bytes()
    damage(home, ONE)
    replace_file(home / "current", ONE.encode())  # in one step, as the store does: a look must not find it empty
    end = time.monotonic() + PATIENCE
    while not (problem := client.get("/v1/releases").json()["problem"]):
        assert time.monotonic() < end
    assert problem.startswith(f"release {ONE} is refused:")
    assert client.post("/v1/score", json=LEAD).json()["release"] == TWO
    time.sleep(0.1)  # ten looks
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["message"] for line in lines if line["event"] == "release"] == [problem]
    (home / "releases" / ONE / "learned.json").write_bytes(good)
    assert client.post(f"/v1/releases/{ONE}/use").status_code == 200
    assert served(client) == {ONE}
    end = time.monotonic() + PATIENCE
    while client.get("/v1/releases").json()["problem"]:
        assert time.monotonic() < end


@pytest.mark.parametrize(
    ("settings", "only"), [({"release": ONE}, f"the release {ONE}"), ({"card": Path("card.yaml")}, "a card alone")]
)
def test_what_is_pinned_stays(home: Path, settings: dict[str, Any], only: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that was started for one release, or for a card, serves that."""
    monkeypatch.setattr(service, "RELEASE_INTERVAL", 0.01)
    monkeypatch.chdir(home)
    Path("card.yaml").write_text(CARD)
    with TestClient(create_app(Settings(home=home, log="off", **settings))) as client:
        answer = client.post(f"/v1/releases/{TWO}/use")
        assert answer.status_code == 409
        assert answer.json()["detail"] == f"This service was started to serve {only}, whatever release is current."
        publish(home, 70)
        time.sleep(0.1)
        listed = client.get("/v1/releases").json()
        assert (listed["follows"], listed["serves"]) == (False, settings.get("release", ""))
        assert client.post("/v1/score", json=LEAD).json()["release"] == settings.get("release", "")


def test_without_a_home(tmp_path: Path) -> None:
    """A card alone is served without any release."""
    (tmp_path / "card.yaml").write_text(CARD)
    with TestClient(create_app(Settings(home=tmp_path / "none", card=tmp_path / "card.yaml", log="off"))) as client:
        assert client.get("/v1/releases").json() == {"serves": "", "follows": False, "problem": "", "releases": []}


# -- under load --------------------------------------------------------------------------------------------------------


def ask(address: str, ended: threading.Event, answers: list[bytes], refused: list[object]) -> None:
    """Score one lead, and now and then a batch, until told to end; keep each answer."""
    at = 0
    with httpx2.Client(base_url=address, timeout=PATIENCE) as client:
        while not ended.is_set():
            at += 1
            path, body = "/v1/score", LEAD
            if at % 40 == 0:  # long enough that others are answered meanwhile
                path, body = "/v1/score/batch", {"leads": [{"a": True}] * 60}
            try:
                answer = client.post(path, json=body)
            except httpx2.HTTPError as error:
                refused.append(error)
                return
            (answers if answer.status_code == 200 else refused).append(answer.content)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_switching_under_load(home: Path, workers: int) -> None:
    """Twenty switches, by a request and by the command line in turn: no request fails, every answer names one release,
    and replays under it, in all workers.
    """
    answers: list[bytes] = []
    refused: list[object] = []
    ended = threading.Event()
    with (
        commanded(home, "--workers", str(workers)) as (_, address),
        httpx2.Client(base_url=address, timeout=PATIENCE) as client,
    ):
        callers = [threading.Thread(target=ask, args=(address, ended, answers, refused)) for _ in range(CALLERS)]
        for caller in callers:
            caller.start()
        for at in range(SWITCHES):
            name = (ONE, TWO)[at % 2]
            if at % 4 < 2:
                answer = client.post(f"/v1/releases/{name}/use")
                assert (answer.status_code, answer.json()["release"]) == (200, name)
            else:
                Releases(home).use(name)
            time.sleep(0.2)
        end = time.monotonic() + PATIENCE
        for _ in range(20):  # each asks on a connection of its own, so that all workers are asked
            while httpx2.get(f"{address}/health/ready").json()["release"] != TWO:
                assert time.monotonic() < end, "a worker serves the release from before"
        ended.set()
        for caller in callers:
            caller.join()
    assert refused == []
    engine = database.open_database(None, home)
    log = LogStore(engine)
    replay, rows = Replayer(log, home), {score["id"]: score for score in log.read_scores()}
    seen: Counter[str] = Counter()
    for content in answers:
        answer = json.loads(content)
        results = [item["result"] for item in answer["results"]] if "results" in answer else [answer]
        assert len({item["release"] for item in results}) == 1
        for item in results:
            seen[item["release"]] += 1
            assert json.loads(encode_answer(item["id"], replay.replay(rows[item["id"]]))) == item
    engine.dispose()
    assert set(seen) == {ONE, TWO}
    assert min(seen.values()) > SWITCHES


# -- several workers ---------------------------------------------------------------------------------------------------


def children(parent: int) -> list[int]:
    """The processes that a process has begun and that serve."""
    processes = []
    for entry in Path("/proc").iterdir():
        try:
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(stat[1]) == parent and b"spawn_main" in (entry / "cmdline").read_bytes():
                processes.append(int(entry.name))
        except (OSError, IndexError, ValueError):
            continue
    return processes


def gone(process: int) -> bool:
    """Whether a process ends within a while."""
    end = time.monotonic() + PATIENCE
    while Path(f"/proc/{process}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    return not Path(f"/proc/{process}").exists()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")
def test_workers_come_and_go(home: Path) -> None:
    """A worker that dies is made anew, meanwhile the other answers; if the supervisor is killed, its workers end."""
    with commanded(home, "--workers", "2") as (process, address):
        assert httpx2.post(f"{address}/v1/score", json=LEAD, timeout=PATIENCE).status_code == 200
        before = children(process.pid)
        assert len(before) == 2
        os.kill(before[0], signal.SIGKILL)
        end = time.monotonic() + PATIENCE
        while len(set(children(process.pid)) - {before[0]}) < 2:
            assert time.monotonic() < end, "no other worker comes"
            time.sleep(0.05)
        assert httpx2.post(f"{address}/v1/score", json=LEAD, timeout=PATIENCE).status_code == 200
        before = children(process.pid)
        process.send_signal(signal.SIGHUP)
        end = time.monotonic() + PATIENCE
        while set(children(process.pid)) & set(before):
            assert httpx2.post(f"{address}/v1/score", json=LEAD, timeout=PATIENCE).status_code == 200
            assert time.monotonic() < end, "the workers are not replaced"
        left = children(process.pid)
        assert len(left) == 2
        process.kill()
        process.wait(PATIENCE)
        assert all(gone(process) for process in left)
        with commanded(home, "--workers", "2") as (_, again):
            assert httpx2.post(f"{again}/v1/score", json=LEAD, timeout=PATIENCE).status_code == 200


def test_a_release_and_what_differs(client: TestClient, home: Path) -> None:
    """One release, and two beside each other, are those of the command line; without `old`, beside the current one."""
    shown = client.get(f"/v1/releases/{ONE}").json()
    printed = CliRunner().invoke(cli, ["releases", "show", ONE, "--home", str(home), "--json"]).output
    assert shown == json.loads(printed)
    assert shown["metrics"] == {"auc": 0.7}
    compared = client.get(f"/v1/releases/{ONE}/compare").json()
    printed = CliRunner().invoke(cli, ["releases", "diff", TWO, ONE, "--home", str(home), "--json"]).output
    assert compared == {**json.loads(printed), "text": []}
    assert compared["tables"][0]["most"] == 2.0
    other = publish(home, 50, CARD.replace("points: 8", "points: 9"))
    compared = client.get(f"/v1/releases/{other}/compare", params={"old": ONE}).json()
    assert [line["text"] for line in compared["text"] if line["sign"] in "+-"] == [
        "- {name: r, when: a, points: 8, reason: R}",
        "- {name: r, when: a, points: 9, reason: R}",
    ]
    document = client.get("/openapi.json").json()
    for name, answer in (("ReleaseComparison", compared), ("ReleaseDetails", shown)):
        validator(document, name).validate(answer)
    for path, status in (
        ("/v1/releases/none", 404),
        (f"/v1/releases/{ONE}/compare?old=none", 404),
        (f"/v1/releases/{ONE}/compare?new=1", 422),
        (f"/v1/releases/{ONE}/compare?old=a&old=b", 422),
    ):
        assert client.get(path).status_code == status, path
