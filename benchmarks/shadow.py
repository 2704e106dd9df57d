"""How much scoring costs while a shadow is scored along: the service's rate alone, and with one.

    python -m benchmarks shadow --rounds 5

One worker, the log synced, 16 connections that score as fast as answers arrive. The shadow is a draft of the card that
is served. The two take turns, so that a slow moment hits both; medians. `compared` are the scores that the shadow was
compared with during its turns; the others it would catch up with after the rush.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.load import Load, run_load
from benchmarks.servers import REQUEST, fresh, ours

CONNECTIONS = 16
ASKED = 0.9  # of the rate alone
SETTLING = 6.0  # seconds until the first scores are compared
WARM = 1.0  # seconds of load before it counts


def measure(rounds: int, seconds: float) -> tuple[float, float, int, int]:
    """Requests a second alone, and with a shadow; the scores of its turns, and those that were compared."""
    alone, along, scores, compared = list[float](), list[float](), 0, 0
    with fresh() as folder, ours(Path(folder) / "home", "--log", "sync") as served:
        _send(served.port, "POST", "/v1/drafts", {"name": "bench"})
        run_load(Load(served.port, REQUEST, CONNECTIONS, WARM))
        for _ in range(rounds):
            alone.append(run_load(Load(served.port, REQUEST, CONNECTIONS, seconds)).rate)
            _send(served.port, "POST", "/v1/shadow", {"draft": "bench"})
            run_load(Load(served.port, REQUEST, CONNECTIONS, SETTLING))
            result = run_load(Load(served.port, REQUEST, CONNECTIONS, seconds))
            along.append(result.rate)
            shown = _send(served.port, "DELETE", "/v1/shadow")
            assert not shown["problem"], shown["problem"]
            scores, compared = scores + result.count(200), compared + shown["compared"]
    return statistics.median(alone), statistics.median(along), scores, compared


def _send(port: int, method: str, path: str, body: Any = None) -> Any:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, None if body is None else json.dumps(body), {"content-type": "application/json"})
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status == 200, content
    connection.close()
    return json.loads(content)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and say how much is left of the rate."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks shadow", description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="turns of each")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each turn")
    options = parser.parse_args(arguments)
    alone, along, scores, compared = measure(options.rounds, options.seconds)
    print(f"scores a second: {alone:,.0f} alone, {along:,.0f} with a shadow, which compared {compared:,} of {scores:,}")
    print(f"{along / alone:.2f} of the rate is left (asked {ASKED})")
