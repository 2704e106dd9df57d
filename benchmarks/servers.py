"""The servers that the benchmarks of the service compare, and the request that they get.

Each is a process with one worker, the same httptools and uvloop, and no access log; what ours logs goes nowhere. The
bare app takes the same body, as a dict, and returns a dict of one text, whose JSON has as many bytes as our answer:
FastAPI takes longer for a nested one. The pipeline predicts from a data frame of one row, as its users do.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import post
from benchmarks.serve_start import CARD, OURS, PATIENCE, ROOT, free_port

LEAD = {
    "lead_id": "L0000003",
    "created": "2026-06-02",
    "country": "SE",
    "industry": "Manufacturing",
    "employees": 156,
    "annual_revenue": 16830000,
    "job_title": "Head of Operations",
    "lead_source": "webinar",
    "need": "clear",
    "budget": 25000,
    "decision_role": "decider",
    "decision_date": "2026-09-25",
    "supplier_status": "reviewing",
    "last_activity": "2026-06-21",
    "pages_viewed": 7,
    "pricing_visits": 1,
    "demo_requested": True,
    "unsubscribed": False,
}
BODY = json.dumps({"lead": LEAD, "as_of": "2026-07-01"}).encode()
REQUEST = post("/v1/score", BODY)

PORT = "PORT"  # stands for it in a command
_BEFORE = """
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI

app = FastAPI()
"""
_AFTER = """

uvicorn.run(
    app, port=int(sys.argv[1]), http="httptools", loop="uvloop", ws="none", log_level="warning", access_log=False,
    server_header=False,
)
"""
_BARE = """
answer = {"constant": "x" * (int(sys.argv[2]) - len('{"constant":""}'))}


@app.post("/v1/score")
async def score(body: dict[str, Any]) -> dict[str, Any]:
    return answer
"""
_PIPELINE = """
import joblib
import pandas as pd

model = joblib.load(sys.argv[2])


@app.post("/v1/score")
async def score(body: dict[str, Any]) -> dict[str, Any]:
    return {"probability": float(model.predict_proba(pd.DataFrame([body["lead"]]))[0, 1])}
"""


@dataclass(frozen=True)
class ServerProcess:
    """A process that serves, and its answer to the lead."""

    pid: int
    port: int
    answer: bytes


def ours(home: Path, *options: str, card: Path = CARD) -> AbstractContextManager[ServerProcess]:
    """`leadledger serve` of a card, that of the example, alone."""
    return _serving(["-c", OURS, "serve", "--card", str(card), "--home", str(home), "--port", PORT, *options])


def bare(size: int) -> AbstractContextManager[ServerProcess]:
    """A bare FastAPI app, whose answers have so many bytes."""
    return _serving(["-c", _BEFORE + _BARE + _AFTER, PORT, str(size)])


def pipeline(model: Path) -> AbstractContextManager[ServerProcess]:
    """A FastAPI app that predicts with the pipeline of a joblib file."""
    return _serving(["-c", _BEFORE + _PIPELINE + _AFTER, PORT, str(model)])


def fresh() -> tempfile.TemporaryDirectory[str]:
    """A folder on the disk of the working directory: that for temporary files may be memory."""
    return tempfile.TemporaryDirectory(prefix=".bench-", dir=Path.cwd())


@contextmanager
def _serving(command: Sequence[str]) -> Iterator[ServerProcess]:
    """A server that answers. Raises RuntimeError where it doesn't."""
    port = free_port()
    words = [sys.executable, *(str(port) if word == PORT else word for word in command)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until = time.monotonic() + PATIENCE
            while not (answer := _answered(port)):
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"the server gave no answer: {words}")
                time.sleep(0.02)
            yield ServerProcess(process.pid, port, answer)
        finally:
            process.terminate()


def _answered(port: int) -> bytes:
    """The answer of a server to the lead; empty: it doesn't listen yet."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("POST", "/v1/score", BODY, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
    except ConnectionError:
        return b""
    finally:
        connection.close()
    if answer.status != 200:
        raise RuntimeError(f"the first answer has status {answer.status}: {content.decode()}")
    return content
