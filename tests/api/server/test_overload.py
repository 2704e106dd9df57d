"""Far more callers than places, each of whom tries again at once, whatever the answer."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmarks.load import Load, start_load
from benchmarks.servers import REQUEST
from leadledger.api.server.protocol import REST_PER_CONNECTION
from tests.serving import started

ROOM = 20
SECONDS = 4.0


@pytest.mark.slow
@pytest.mark.parametrize("log", ["off", "sync"])
def test_ten_times_as_many_callers_as_there_is_room_for(tmp_path: Path, log: str) -> None:
    """Accepted requests are answered soon, refusals say when to try again, and health checks answer new callers.

    The bounds are wide because the callers share the processor. If requests were queued, or new callers waited until
    all others were answered, an answer would take as long as the load.
    """
    with started(tmp_path, log=log, max_waiting=ROOM) as server:
        begun = time.monotonic()
        with start_load(Load(server.port, REQUEST, connections=10 * ROOM, seconds=SECONDS)) as seen:
            health = []
            while time.monotonic() - begun < SECONDS:
                start = time.monotonic()
                for path in ("/health/live", "/health/ready"):
                    assert server.ask("GET", path)[0] == 200
                health.append(time.monotonic() - start)
                time.sleep(0.1)
            load = next(seen)
    assert list(load.statuses) == [200, 503]
    assert (load.cut, load.untold) == (0, 0)
    assert load.count(200) > ROOM
    assert load.statuses[200].most < SECONDS * 1000 / 2
    assert max(health) < SECONDS / 2
    # Refused callers rest, so the number of refusals is limited, however fast the machine.
    assert load.count(503) <= 10 * ROOM + load.seconds / REST_PER_CONNECTION
