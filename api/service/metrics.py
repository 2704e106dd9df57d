"""What Prometheus is told: requests, scores, the release, the log, and how far the scores have moved since training.

Nothing of a lead is in it. Where several workers serve, each writes what it counts to files of one folder, which the
supervisor names in PROMETHEUS_MULTIPROC_DIR, and whichever is asked tells of them all:
https://prometheus.github.io/client_python/multiprocess/
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from leadledger.models.stability import EDGES, bin_of, moved
from leadledger.scoring.errors import DataError
from leadledger.scoring.result import Result

if TYPE_CHECKING:
    from leadledger.api.log.writer import LogWriter
    from leadledger.api.service.loaded import Served

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
HALF = 86_400  # seconds after which a score counts half in the distribution of recent scores
ENOUGH = 100  # recent scores, below which nothing is said of their distribution
BINS = tuple([f"<{EDGES[0] // 10}", *(str(one // 10) for one in EDGES)])  # a bin is named by where it begins
RECENT = "leadledger_points_recent"


class Metrics:
    """The counters of a process. Raises DataError where the folder that they are to be kept in isn't there."""

    def __init__(self) -> None:
        folder = os.environ.get(FOLDER)
        if folder and not Path(folder).is_dir():
            raise DataError(
                f"{FOLDER} names {folder}, which is no folder; unset it, for `leadledger serve` makes its own"
            )
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "leadledger_requests",
            "Requests, by route and status.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "leadledger_request_seconds",
            "The time from a request's head to its whole answer.",
            ["route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._scores = Counter(
            "leadledger_scores", "Leads that were scored.", ["release", "recommendation"], registry=self.registry
        )
        self.rejected = Counter(
            "leadledger_leads_rejected", "Leads that were refused for their mistakes.", registry=self.registry
        )
        self._serving = self._gauge(
            "leadledger_serving", "Workers that serve a release.", "livesum", ["card", "release"]
        )
        self._refused = self._gauge(
            "leadledger_release_refused", "1 while the current release is refused and another served on.", "livemax"
        )
        self._waiting = self._gauge("leadledger_log_waiting", "Scores that wait to be recorded.", "livesum")
        self._lag = self._gauge("leadledger_log_lag_seconds", "How long the oldest of them has waited.", "livemax")
        self._failing = self._gauge("leadledger_log_failing", "1 while the decision log can't be written.", "livemax")
        self._recent = self._gauge(
            RECENT,
            "Scores of about the last day, by the points where their bin begins: a score counts half after a day.",
            "livesum",
            ["release", "bin"],
        )
        self._by_route: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._by_verdict: dict[tuple[str, str], Counter] = {}
        self._release = ""
        self._now: Gauge | None = None  # that of the release that is served
        self._points = [0.0] * len(BINS)
        self._ticked = monotonic()

    def _gauge(self, name: str, words: str, mode: str, labels: Sequence[str] = ()) -> Gauge:
        return Gauge(name, words, labels, multiprocess_mode=mode, registry=self.registry)  # type: ignore[arg-type]

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; `route` is its template, empty where there is none."""
        found = self._by_route.get((method, route, status))
        if found is None:
            found = self._requests.labels(method, route, str(status)), self._seconds.labels(route)
            self._by_route[method, route, status] = found
        found[0].inc()
        found[1].observe(seconds)

    def scored(self, results: Iterable[Result]) -> None:
        """Count scores that are answered."""
        for one in results:
            key = one.release, one.recommendation.verdict
            counter = self._by_verdict.get(key)
            if counter is None:
                counter = self._by_verdict[key] = self._scores.labels(*key)
            counter.inc()
            if one.release == self._release:  # of another, nothing is known to compare them with
                self._points[bin_of(one.tenths)] += 1

    def tick(self, served: Served, writer: LogWriter | None, problem: str) -> None:
        """Tell how things stand: twice a second, whether or not anybody asks."""
        now = monotonic()
        if served.release != self._release:
            if self._now is not None:
                self._tell_points(0)
                self._now.set(0)
            self._points = [0.0] * len(BINS)
            self._release = served.release
        self._tell_points(0.5 ** ((now - self._ticked) / HALF))
        self._ticked = now
        self._now = self._serving.labels(served.card.card.name, served.release)
        self._now.set(1)
        self._refused.set(bool(problem))
        if writer is not None:
            self._waiting.set(writer.waiting)
            self._lag.set(writer.lag())
            self._failing.set(bool(writer.error))

    def _tell_points(self, share: float) -> None:
        """Let so much of the recent scores count on."""
        for at, name in enumerate(BINS):
            self._points[at] *= share
            self._recent.labels(self._release, name).set(self._points[at])

    def text(self, served: Served) -> bytes:
        """All of it, of all workers, in Prometheus's text format."""
        return generate_latest(_All(self.registry, served))


class _All(Collector):
    """Whatever is counted, and the drift of the recent scores of the release that is served."""

    def __init__(self, registry: CollectorRegistry, served: Served) -> None:
        self._registry = registry
        self._served = served

    def collect(self) -> Iterable[Metric]:
        """The families, one after another."""
        folder = os.environ.get(FOLDER)
        if folder:
            _leave_out_the_dead(Path(folder))
            workers: Any = MultiProcessCollector
            found = list(workers(None, folder).collect())
        else:
            found = list(self._registry.collect())
        yield from found
        trained, release = self._served.trained, self._served.release
        recent = dict.fromkeys(BINS, 0.0)
        for one in (sample for family in found if family.name == RECENT for sample in family.samples):
            if one.labels["release"] == release:
                recent[one.labels["bin"]] = one.value
        if trained and sum(recent.values()) >= ENOUGH:
            said = "The population stability index of recent scores against the leads that the release was trained on."
            drift = GaugeMetricFamily("leadledger_score_drift", said, labels=["release"])
            drift.add_metric([release], moved(trained, list(recent.values())))
            yield drift


def _leave_out_the_dead(folder: Path) -> None:
    """What a worker tells of how things stand with it goes with it; what it counted stays."""
    for process in {int(one.stem.rpartition("_")[2]) for one in folder.glob("gauge_live*_*.db")}:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            with suppress(FileNotFoundError):  # another worker was asked at the same moment
                mark_process_dead(process, str(folder))  # type: ignore[no-untyped-call]
        except OSError:  # it is there, and another user's
            continue
