"""Metrics for Prometheus: requests, scores, the release, the log, how far scores have moved, and outcomes.

Nothing of a lead is in them. Where several workers serve, each writes its counters to files of one folder, which the
supervisor names in PROMETHEUS_MULTIPROC_DIR, and each of them answers for all:
https://prometheus.github.io/client_python/multiprocess/
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from leadledger.models.stability import EDGES, bin_of, moved
from leadledger.scoring.errors import DataError
from leadledger.scoring.result import Result

if TYPE_CHECKING:
    from leadledger.api.log.group_commit import LogWriter
    from leadledger.api.service.loaded import LoadedCard
    from leadledger.models.upkeep import Upkeep

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
READ_PAUSES = (0.005, 0.02, 0.1)  # seconds between attempts to read what all workers count
HALF_LIFE = 86_400  # seconds after which a score counts half in the distribution of recent scores
FEWEST_RECENT = 100  # recent scores, below which their drift is not reported
BIN_NAMES = tuple([f"<{EDGES[0] // 10}", *(str(edge // 10) for edge in EDGES)])  # where each begins
RECENT_POINTS = "leadledger_points_recent"


class Metrics:
    """The counters of a process. Raises DataError where the folder for them isn't there."""

    def __init__(self) -> None:
        folder = os.environ.get(FOLDER_VARIABLE)
        if folder and not Path(folder).is_dir():
            raise DataError(
                f"{FOLDER_VARIABLE} names {folder}, which is not a folder; unset it, for `leadledger serve` makes its"
                " own"
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
            buckets=SECONDS_BUCKETS,
            registry=self.registry,
        )
        self._scores = Counter(
            "leadledger_scores", "Leads that were scored.", ["release", "recommendation"], registry=self.registry
        )
        self.rejected = Counter(
            "leadledger_leads_rejected", "Leads that were refused for their mistakes.", registry=self.registry
        )
        self._events = Counter(
            "leadledger_events",
            "Events sent to be stored: stored, repeated, or refused for their mistakes.",
            ["outcome"],
            registry=self.registry,
        )
        self._hooks = Counter(
            "leadledger_hook_attempts",
            "Attempts to deliver a message: delivered, failed and to be tried again, or dead.",
            ["outcome"],
            registry=self.registry,
        )
        self._calls = Counter(
            "leadledger_crm_calls",
            "Calls of CRMs: taken, or refused for their signature.",
            ["system", "outcome"],
            registry=self.registry,
        )
        self._waiting_hooks = self._gauge(
            "leadledger_hooks_waiting", "Deliveries that wait for an attempt, the first or another.", "livemax"
        )
        self._serving = self._gauge(
            "leadledger_serving", "Workers that serve a release.", "livesum", ["card", "release"]
        )
        self._refused = self._gauge(
            "leadledger_release_refused", "1 while the current release is refused and another served on.", "livemax"
        )
        self._waiting = self._gauge("leadledger_log_waiting", "Scores and events that wait to be recorded.", "livesum")
        self._lag = self._gauge("leadledger_log_lag_seconds", "How long the oldest of them has waited.", "livemax")
        self._failing = self._gauge("leadledger_log_failing", "1 while the decision log can't be written.", "livemax")
        self._recent = self._gauge(
            RECENT_POINTS,
            "Scores of about the last day, by the points where their bin begins: a score counts half after a day.",
            "livesum",
            ["release", "bin"],
        )
        self._by_route: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._by_verdict: dict[tuple[str, str], Counter] = {}
        self._release = ""
        self._served: Gauge | None = None  # of the release that is served
        self._points = [0.0] * len(BIN_NAMES)
        self._updated = monotonic()
        self._upkeep: tuple[str, Upkeep | None] = "", None  # of a release

    def _gauge(self, name: str, words: str, mode: str, labels: Sequence[str] = ()) -> Gauge:
        return Gauge(name, words, labels, multiprocess_mode=mode, registry=self.registry)  # type: ignore[arg-type]

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; `route` is its template, empty where there is none."""
        counters = self._by_route.get((method, route, status))
        if counters is None:
            counters = self._requests.labels(method, route, str(status)), self._seconds.labels(route)
            self._by_route[method, route, status] = counters
        counters[0].inc()
        counters[1].observe(seconds)

    def count_events(self, outcome: str, count: int) -> None:
        """Count events that were `stored`, `repeated` or `refused`."""
        if count:
            self._events.labels(outcome).inc(count)

    def count_attempt(self, outcome: str) -> None:
        """Count an attempt to deliver a message: `delivered`, `failed` or `dead`."""
        self._hooks.labels(outcome).inc()

    def count_call(self, system: str, outcome: str) -> None:
        """Count a call of a CRM: `taken` or `refused`."""
        self._calls.labels(system, outcome).inc()

    def keep_waiting_hooks(self, count: int) -> None:
        """Keep how many deliveries wait; every worker counts the same ones."""
        self._waiting_hooks.set(count)

    def count_scores(self, results: Iterable[Result]) -> None:
        """Count scores that are answered."""
        for result in results:
            key = result.release, result.recommendation.verdict
            counter = self._by_verdict.get(key)
            if counter is None:
                counter = self._by_verdict[key] = self._scores.labels(*key)
            counter.inc()
            if result.release == self._release:  # of another, there is nothing to compare them with
                self._points[bin_of(result.tenths)] += 1

    def update(self, loaded: LoadedCard, writer: LogWriter | None, problem: str) -> None:
        """Set the gauges: twice a second, whether or not they are read."""
        now = monotonic()
        if loaded.release != self._release:
            if self._served is not None:
                self._fade_points(0)
                self._served.set(0)
            self._points = [0.0] * len(BIN_NAMES)
            self._release = loaded.release
        self._fade_points(0.5 ** ((now - self._updated) / HALF_LIFE))
        self._updated = now
        self._served = self._serving.labels(loaded.card.card.name, loaded.release)
        self._served.set(1)
        self._refused.set(bool(problem))
        if writer is not None:
            self._waiting.set(writer.waiting)
            self._lag.set(writer.lag())
            self._failing.set(bool(writer.error))

    def keep_upkeep(self, release: str, upkeep: Upkeep | None) -> None:
        """Keep what a release needs, by the log: once an hour, whether or not it is read."""
        self._upkeep = release, upkeep

    def _fade_points(self, share: float) -> None:
        """Keep a share (0..1) of the recent scores."""
        for i, name in enumerate(BIN_NAMES):
            self._points[i] *= share
            self._recent.labels(self._release, name).set(self._points[i])

    def render(self, loaded: LoadedCard) -> bytes:
        """All metrics of all workers, in Prometheus's text format."""
        release, upkeep = self._upkeep
        return generate_latest(_AllWorkers(self.registry, loaded, upkeep if release == loaded.release else None))


class _AllWorkers(Collector):
    """Every counter of every worker; the drift of the recent scores of the release that is served, and its upkeep."""

    def __init__(self, registry: CollectorRegistry, loaded: LoadedCard, upkeep: Upkeep | None) -> None:
        self._registry = registry
        self._loaded = loaded
        self._upkeep = upkeep

    def collect(self) -> Iterable[Metric]:
        """The families, one after another."""
        folder = os.environ.get(FOLDER_VARIABLE)
        families = collect_workers(Path(folder)) if folder else list(self._registry.collect())
        yield from families
        counts, release = self._loaded.training_counts, self._loaded.release
        recent = dict.fromkeys(BIN_NAMES, 0.0)
        for sample in (sample for family in families if family.name == RECENT_POINTS for sample in family.samples):
            if sample.labels["release"] == release:
                recent[sample.labels["bin"]] = sample.value
        if counts and sum(recent.values()) >= FEWEST_RECENT:
            description = (
                "The population stability index of recent scores against the leads that the release was trained on."
            )
            drift = GaugeMetricFamily("leadledger_score_drift", description, labels=["release"])
            drift.add_metric([release], moved(counts, list(recent.values())))
            yield drift
        if self._upkeep is not None:
            yield from _list_upkeep(self._upkeep, release)


def _list_upkeep(upkeep: Upkeep, release: str) -> Iterable[Metric]:
    """Outcomes of the newest leads beside the predicted ones, and what they advise: each worker knows the same."""
    gauges = (
        ("recent_leads", "The newest leads with a known outcome that the release has not learned from.", upkeep.leads),
        ("recent_won", "How many of them became opportunities.", upkeep.won),
        ("recent_won_predicted", "How many of them the release predicts to become opportunities.", upkeep.expected),
        ("recalibration_advised", "1 while the rate has moved beyond chance.", upkeep.advice == "recalibrate"),
        (
            "training_advised",
            "1 while the scores fit no more, so that a new rate mends nothing.",
            upkeep.advice == "train",
        ),
    )
    for name, words, value in gauges:
        gauge = GaugeMetricFamily(f"leadledger_{name}", words, labels=["release"])
        gauge.add_metric([release], float(value))
        yield gauge


def collect_workers(folder: Path) -> list[Metric]:
    """What all workers count. A file that another worker begins or ends just then can't be read, and is tried again."""
    collector: Any = MultiProcessCollector
    for pause in READ_PAUSES:
        try:
            _remove_dead_workers(folder)
            return list(collector(None, str(folder)).collect())
        except (OSError, ValueError, struct.error):
            sleep(pause)
    return list(collector(None, str(folder)).collect())


def _remove_dead_workers(folder: Path) -> None:
    """Remove the gauges of workers that have ended; their counters stay."""
    for process in {int(path.stem.rpartition("_")[2]) for path in folder.glob("gauge_live*_*.db")}:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            with suppress(FileNotFoundError):  # another worker does it at the same moment
                mark_process_dead(process, str(folder))  # type: ignore[no-untyped-call]
        except OSError:  # it is there, and another user's
            continue
