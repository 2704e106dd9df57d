"""How long `leadledger serve` takes from the start of the process to its first answered score.

The baseline is a bare FastAPI app that echoes its body, started the same way: the same server, options and client. The
two take turns, so that a slow moment of the machine hits both. Python keeps the bytecode of both, as it does of what is
installed, whatever PYTHONDONTWRITEBYTECODE says. Run it with: python -m benchmarks.serve_start
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
CARD = ROOT / "examples" / "b2b-software" / "card.yaml"
TARGET = 1.8  # times the baseline
PATIENCE = 30  # seconds after which a start has failed
BODY = json.dumps({"lead": {"need": "urgent", "employees": 120}, "as_of": "2026-01-01"})

# What the command itself does, without the need of an installed script.
OURS = "import sys; from leadledger.api.cli.commands import main; sys.argv[0] = 'leadledger'; main()"
ECHO = """
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.post("/v1/score")
async def echo(body: dict[str, Any]) -> dict[str, Any]:
    return body


uvicorn.run(
    app, port=int(sys.argv[1]), http="httptools", ws="none", log_level="warning", access_log=False, server_header=False
)
"""


def first_answer(command: list[str], port: int, environment: Mapping[str, str]) -> float:
    """Seconds from the start of a process to its first answer with status 200. RuntimeError without one."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        while process.poll() is None and time.perf_counter() - start < PATIENCE:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            try:
                connection.request("POST", "/v1/score", BODY, {"Content-Type": "application/json"})
                status = connection.getresponse().status
                took = time.perf_counter() - start
            except ConnectionError:
                time.sleep(0.005)
                continue
            finally:
                connection.close()
            if status == 200:
                return took
            raise RuntimeError(f"the first answer has status {status}: {command}")
        raise RuntimeError(f"the server gave no answer: {command}")
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main(arguments: list[str] | None = None) -> None:
    """Measure and print; `--card` or `--home` choose what is served."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=7, help="starts of each, after one to warm the disk's cache")
    parser.add_argument("--card", type=Path, default=CARD, help="a card, served alone")
    parser.add_argument("--home", type=Path, help="a folder of releases, whose current one is served instead")
    options = parser.parse_args(arguments)
    what = ["--home", str(options.home)] if options.home else ["--card", str(options.card)]
    times: dict[str, list[float]] = {"leadledger serve": [], "FastAPI echo (baseline)": []}
    with tempfile.TemporaryDirectory() as bytecode:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
        for turn in range(options.starts + 1):
            for name, seconds in times.items():
                port = str(free_port())
                program = (
                    ["-c", OURS, "serve", *what, "--port", port] if name.startswith("lead") else ["-c", ECHO, port]
                )
                took = first_answer([sys.executable, *program], int(port), environment)
                if turn:
                    seconds.append(took)
    for name, seconds in times.items():
        middle, best, worst = statistics.median(seconds), min(seconds), max(seconds)
        print(f"{name:24} median {middle:.2f} s, best {best:.2f} s, worst {worst:.2f} s of {len(seconds)} starts")
    ours, echo = (statistics.median(seconds) for seconds in times.values())
    ratio = ours / echo
    print(f"first answer: {ratio:.2f} times the baseline; {'within' if ratio <= TARGET else 'OVER'} {TARGET} times")


if __name__ == "__main__":
    main()
