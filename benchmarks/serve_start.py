"""How long `leadledger serve` takes from the start of the process to its first answered score.

The baseline is a bare FastAPI app that echoes its body, started the same way: the same server, options and client. All
take turns, and are compared by the CPU time that they took until then, which others on the machine hardly change.
Python keeps the bytecode of all, as it does of what is installed, whatever PYTHONDONTWRITEBYTECODE says; the home has
its log already, since the first start makes it. Run it with: python -m benchmarks.serve_start
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
TARGETS = {"sync": 1.9, "off": 1.5}  # times the baseline, by the log that the service writes
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


def first_answer(command: list[str], port: int, environment: Mapping[str, str]) -> tuple[float, float]:
    """Seconds from the start of a process to its first answer with status 200, and the CPU time that it took for that.

    RuntimeError without such an answer.
    """
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while process.poll() is None and time.perf_counter() - start < PATIENCE:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            try:
                connection.request("POST", "/v1/score", BODY, {"Content-Type": "application/json"})
                status = connection.getresponse().status
                took = time.perf_counter() - start, read_cpu_time(process.pid)
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


def read_cpu_time(process: int) -> float:
    """Seconds that all threads of a process have run so far, as Linux counts them."""
    threads = Path(f"/proc/{process}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


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
    times: dict[str, list[tuple[float, float]]] = {
        **{f"leadledger serve --log {log}": [] for log in TARGETS},
        "FastAPI echo (baseline)": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder) / "home"
        what = ["--home", str(home), *([] if options.home else ["--card", str(options.card)])]
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": f"{folder}/bytecode", "PYTHONDONTWRITEBYTECODE": ""}
        for turn in range(options.starts + 1):
            for name, seconds in times.items():
                port = str(free_port())
                ours = ["-c", OURS, "serve", *what, *name.split()[2:], "--port", port]
                program = ours if name.startswith("lead") else ["-c", ECHO, port]
                took = first_answer([sys.executable, *program], int(port), environment)
                if turn:
                    seconds.append(took)
    *ours_cpu, echo = [statistics.median(cpu for _, cpu in taken) for taken in times.values()]
    for name, taken in times.items():
        wall, cpu = zip(*taken, strict=True)
        print(
            f"{name:28} CPU time: median {statistics.median(cpu):.2f} s, best {min(cpu):.2f} s, worst {max(cpu):.2f} s;"
            f" on the clock: median {statistics.median(wall):.2f} s, of {len(taken)} starts"
        )
    for (log, target), cpu_time in zip(TARGETS.items(), ours_cpu, strict=True):
        ratio = cpu_time / echo
        judgement = "within" if ratio <= target else "OVER"
        print(f"first answer, --log {log}: {ratio:.2f} times the baseline; {judgement} {target} times")


if __name__ == "__main__":
    main()
