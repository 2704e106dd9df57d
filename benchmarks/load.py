"""Load on a server, from a process of its own: requests on persistent connections, and their latencies.

Without a rate each connection asks again as soon as it has its answer (a closed loop, as `wrk` does it). With a rate,
requests are due at even times whether or not the server keeps up (an open loop): a latency counts from the moment at
which its request was due, and a request for which no connection is free is counted as `unsent`.

The request is one text, made before, and answers are read by their Content-Length alone, so that the load takes little
of a machine that it shares with the server. `wrk -t1 -c16` on the same servers, three turns of 4 s each on a machine
that was not quiet, found 9,032, 8,823 and 9,794 requests a second of the bare FastAPI app where this found 7,500, 8,756
and 8,684, and 7,186, 5,969 and 7,299 of ours with the log off where this found 6,601, 6,204 and 6,979: about a tenth
less of either, as it takes more of the processor than `wrk` does, so that the ratio is nearly the same.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from array import array
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter, time_ns
from typing import Any

ROOT = Path(__file__).parents[1]
TICK = 0.001  # seconds between two looks at which requests are due
PATIENCE = 30  # seconds to wait for the last answers
NUMBER = b"#" * 16  # in a request, where a number stands that no other request has
LENGTH = b"\r\ncontent-length:"


@dataclass(frozen=True)
class Load:
    """The bytes of a request, how many connections send it, for how long, and at which rate a second (None: as fast as
    answers arrive). `every`: seconds between two results; each counts from zero. `numbered`: each `NUMBER` in the
    request is a number that no other request has.
    """

    port: int
    request: bytes
    connections: int = 16
    seconds: float = 10.0
    rate: float | None = None
    every: float | None = None
    numbered: bool = False

    def to_json(self) -> str:
        """The text that the process that makes the load reads."""
        return json.dumps({**asdict(self), "request": self.request.decode("latin-1")})


@dataclass(frozen=True)
class Latency:
    """How many answers there were of one status, and after how many milliseconds."""

    count: int
    median: float
    p99: float
    most: float


@dataclass(frozen=True)
class LoadResult:
    """The answers of some seconds.

    `statuses`: the latencies of each status. `cut`: answers that are missing or incomplete; `unsent`: requests that
    were due while no connection was free. `untold`: refusals without Retry-After, or without a problem document.
    """

    seconds: float
    statuses: Mapping[int, Latency] = field(default_factory=dict)
    cut: int = 0
    unsent: int = 0
    untold: int = 0

    @property
    def rate(self) -> float:
        """Answers with status 200, a second."""
        return self.count(200) / self.seconds

    @property
    def errors(self) -> int:
        """Answers with another status, and those that didn't come."""
        return sum(latency.count for status, latency in self.statuses.items() if status != 200) + self.cut

    def count(self, status: int) -> int:
        """Answers with a status."""
        return self.statuses[status].count if status in self.statuses else 0

    @classmethod
    def from_json(cls, text: str) -> LoadResult:
        """Read the text that the process that made the load wrote."""
        members = json.loads(text)
        statuses = {int(status): Latency(**latency) for status, latency in members.pop("statuses").items()}
        return cls(statuses=statuses, **members)


def post(path: str, body: bytes) -> bytes:
    """The bytes of a request with JSON."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body


def get(path: str) -> bytes:
    """The bytes of a request without a body."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def run_load(load: Load) -> LoadResult:
    """Run a load to its end. Raises RuntimeError where its process fails."""
    with start_load(load) as seen:
        return next(seen)


@contextmanager
def start_load(load: Load) -> Iterator[Iterator[LoadResult]]:
    """A load that runs in the background; its results are yielded as they arrive."""
    command = [sys.executable, "-m", "benchmarks.load"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        process.stdin.write(load.to_json())
        process.stdin.close()
        try:
            yield _read_results(process)
        finally:
            process.kill()


def _read_results(process: subprocess.Popen[str]) -> Iterator[LoadResult]:
    assert process.stdout is not None
    for line in process.stdout:
        yield LoadResult.from_json(line)
    if process.wait():
        raise RuntimeError("the load failed")


class LoadConnection(asyncio.Protocol):
    """A connection of a load."""

    def __init__(self, connections: LoadConnections) -> None:
        self.connections = connections
        self.transport: Any = None
        self.due = 0.0  # when the request that waits for its answer was due; 0: none waits
        self.received = b""

    def connection_made(self, transport: Any) -> None:
        """The connection is open."""
        self.transport = transport
        if self.due:
            transport.write(self.connections.next_request())
        else:
            self.connections.free(self)

    def send(self, due: float) -> None:
        """Send the request, or send it once the connection is open."""
        self.due = due
        if self.transport is not None:
            self.transport.write(self.connections.next_request())

    def data_received(self, data: bytes) -> None:
        """Part of an answer arrives; mostly all of it."""
        if self.received:
            data = self.received + data
        end = data.find(b"\r\n\r\n")
        if end >= 0:
            head = data[:end].lower()
            at = head.find(LENGTH) + len(LENGTH)
            length = int(head[at:].partition(b"\r\n")[0])
            if len(data) >= end + 4 + length:
                self.received = b""
                self.connections.answered(self, head)
                return
        self.received = data

    def connection_lost(self, exc: Exception | None) -> None:
        """The server closed it."""
        self.connections.lost(self)


class LoadConnections:
    """All connections of a load, and the counts of their answers."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.callers: set[LoadConnection] = set()
        self.idle: deque[LoadConnection] = deque()
        self.over = False
        self.waiting = 0
        self._begun = perf_counter()
        self._number = time_ns() // 1000
        self._reset_counts()

    def next_request(self) -> bytes:
        """The bytes of the next request."""
        if not self.load.numbered:
            return self.load.request
        self._number += 1
        return self.load.request.replace(NUMBER, b"%016d" % self._number)

    def _reset_counts(self) -> None:
        self._took: dict[int, array[float]] = {}
        self._cut = self._unsent = self._untold = 0

    def free(self, caller: LoadConnection) -> None:
        """A connection is idle."""
        if self.over:
            return
        if self.load.rate is None:
            self.waiting += 1
            caller.send(perf_counter())
        else:
            self.idle.append(caller)

    def answered(self, caller: LoadConnection, head: bytes) -> None:
        """A connection received its answer."""
        self.waiting -= 1
        status = int(head[9:12])
        took = self._took.get(status)
        if took is None:
            took = self._took[status] = array("d")
        took.append(perf_counter() - caller.due)
        if status != 200 and not (b"\r\nretry-after:" in head and b"application/problem+json" in head):
            self._untold += 1
        caller.due = 0.0
        self.free(caller)

    def lost(self, caller: LoadConnection) -> None:
        """A connection was closed; another takes its place while the load goes on."""
        self.callers.discard(caller)
        if caller.due:
            self.waiting -= 1
            self._cut += 1
        elif caller in self.idle:
            self.idle.remove(caller)
        if not self.over and self.load.rate is None:
            asyncio.get_running_loop().call_later(TICK, self.open)

    def open(self, due: float = 0.0) -> None:
        """Make one more connection, which asks at once if something is due."""
        caller = LoadConnection(self)
        caller.due = due
        self.callers.add(caller)
        asyncio.get_running_loop().create_task(self._connect(caller))

    async def _connect(self, caller: LoadConnection) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: caller, "127.0.0.1", self.load.port)
        except OSError:
            self.lost(caller)

    def seen(self) -> LoadResult:
        """The result since the last one."""
        now = perf_counter()
        result = LoadResult(
            now - self._begun,
            {status: _latency(took) for status, took in sorted(self._took.items())},
            self._cut,
            self._unsent,
            self._untold,
        )
        self._begun = now
        self._reset_counts()
        return result

    async def run(self) -> None:
        """Run the load and print its results."""
        if self.load.rate is None:
            for _ in range(self.load.connections):
                self.open()
        start = reported = self._begun
        sent = 0
        while (now := perf_counter()) < start + self.load.seconds:
            if self.load.rate is not None:
                while (due := start + sent / self.load.rate) <= now:
                    sent += 1
                    self._send(due)
            if self.load.every is not None and reported + self.load.every <= now < start + self.load.seconds - TICK:
                reported += self.load.every
                print(json.dumps(asdict(self.seen())), flush=True)
            await asyncio.sleep(TICK if self.load.rate is not None else 0.1)
        self.over = True
        while self.waiting and perf_counter() < start + self.load.seconds + PATIENCE:
            await asyncio.sleep(TICK)
        self._cut += self.waiting
        print(json.dumps(asdict(self.seen())), flush=True)

    def _send(self, due: float) -> None:
        if self.idle:
            self.waiting += 1
            self.idle.popleft().send(due)
        elif len(self.callers) < self.load.connections:
            self.waiting += 1
            self.open(due)
        else:
            self._unsent += 1


def _latency(took: array[float]) -> Latency:
    ordered = sorted(took)
    median, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.99))
    return Latency(len(ordered), *(round(seconds * 1000, 3) for seconds in (median, p99, ordered[-1])))


def main() -> None:
    """Make the load that standard input describes as JSON; results go to standard output."""
    import uvloop

    options = json.load(sys.stdin)
    load = Load(**{**options, "request": options["request"].encode("latin-1")})
    uvloop.run(LoadConnections(load).run())


if __name__ == "__main__":
    main()
