"""Far more callers than there is room for, each of whom asks again at once, whatever it is told."""

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
    """Those who are let in are answered soon, the others told when to ask again, and health answers new callers.

    The bounds are wide, as the callers share the processor: were requests queued, or new callers left at the door until
    all others are answered, an answer would take as long as the load.
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
    # Who is refused rests: however fast the machine, so many refusals fit in, and no more.
    assert load.count(503) <= 10 * ROOM + load.seconds / REST_PER_CONNECTION
