"""The web service as a process: uvicorn on a free port of this machine, called over the network."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import httpx2
import pytest

import leadledger
from leadledger.api.server.serve import serve
from leadledger.api.service import keys
from leadledger.api.service.settings import Settings
from tests.serving import CARD, PATIENCE, launched


def address(process: subprocess.Popen[str]) -> str:
    """The address in the greeting of a process."""
    assert process.stdout is not None
    line = process.stdout.readline()
    match = re.fullmatch(
        r"Serving b2b-software \(rules alone\) at (http://127\.0\.0\.1:[0-9]+), documented at /docs\."
        r" Stop it with Ctrl-C\.\n",
        line,
    )
    assert match, line
    return match[1]


def logged(complaint: str) -> list[dict]:
    """The lines of a program's log; each is JSON."""
    return [json.loads(line) for line in complaint.splitlines()]


def refused(process: subprocess.Popen[str]) -> str:
    """The message of a process that refuses to start."""
    output, complaint = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (1, "")
    assert "Traceback" not in complaint
    return complaint


@pytest.mark.slow
def test_scores_over_the_network(tmp_path: Path) -> None:
    """A process answers many callers at once with the core's results, refuses wrong requests, and ends on a signal."""
    lead = {"need": "urgent", "NumberOfEmployees": 120}
    result = leadledger.score(leadledger.load(CARD), lead, date(2026, 1, 1))
    expected = json.loads(json.dumps({"id": "", **result.to_dict()}))
    with launched(tmp_path, log="off") as process:
        with httpx2.Client(base_url=address(process), timeout=PATIENCE) as client:

            def ask(_: int) -> object:
                return client.post("/v1/score", json={"lead": lead, "as_of": "2026-01-01"}).json()

            with ThreadPoolExecutor(8) as callers:
                assert all(answer == expected for answer in callers.map(ask, range(100)))
            assert client.get("/health/ready").json() == {"status": "ready", "card": "b2b-software", "release": ""}
            wrong = client.post("/v1/score", json={"lead": {"employees": "many"}})
            assert (wrong.status_code, wrong.json()["errors"][0]["path"]) == (422, "$.lead.employees")
            large = client.post(
                "/v1/score/batch", content=b" " * 3_000_000, headers={"Content-Type": "application/json"}
            )
            assert (large.status_code, large.json()["title"]) == (413, "Content Too Large")
            assert "server" not in wrong.headers
            hang_up(client.base_url.port or 0)
            assert client.get("/health/live").status_code == 200
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    statuses = [line["status"] for line in logged(complaint)]
    assert sorted(statuses) == [200] * 100 + [400, 413, 422]  # the 400 hung up; health checks are not logged


def hang_up(port: int) -> None:
    """Start a request, and leave in the middle of its body."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as caller:
        head = "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        caller.sendall(head.encode() + b'Content-Length: 100\r\n\r\n{"lead"')


@pytest.mark.slow
def test_bad_card_is_not_served(tmp_path: Path) -> None:
    """A card with mistakes ends the process before it listens, with every mistake and no traceback."""
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "name: bad\nfields:\n  a: {kind: number}\nrules:\n  - {name: r, when: b > 1, points: 1, reason: x}\n"
    )
    with launched(tmp_path, bad) as process:
        assert "bad.yaml:5:" in refused(process)


@pytest.mark.slow
def test_port_is_taken(tmp_path: Path) -> None:
    """If another program has the port, the process ends, and the message names the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with launched(tmp_path, port=port, log="off") as process:
            complaint = refused(process)
    assert (
        complaint
        == f"Can't listen on 127.0.0.1:{port}: Address already in use. Choose another with --host or --port.\n"
    )


def test_host_is_not_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An address that this machine doesn't have (one that RFC 5737 keeps for examples) is refused."""
    keys.add(tmp_path, "crm", ("score",), datetime.now(UTC))
    assert serve(Settings(home=tmp_path, card=CARD, log="off"), "203.0.113.1", 8000) == 1
    assert capsys.readouterr().err.startswith("Can't listen on 203.0.113.1:8000: ")
