"""The service: a card or a release, which may give way to another, and the log of what was answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from leadledger.api.service.kept_answers import KeptAnswers
from leadledger.api.service.loaded import LoadedCard, load, load_release
from leadledger.api.service.metrics import Metrics
from leadledger.api.service.program_log import ProgramLog
from leadledger.api.service.release_watcher import ReleaseWatcher
from leadledger.api.service.settings import Settings
from leadledger.api.service.thread_calls import call_in_thread
from leadledger.models.releases.store import Releases
from leadledger.scoring.errors import DataError

if TYPE_CHECKING:
    from leadledger.api.hooks.delivery import Attempt
    from leadledger.api.hooks.delivery_queue import DeliveryQueue
    from leadledger.api.hooks.subscriptions import Subscriptions
    from leadledger.api.log.book_store import BookStore
    from leadledger.api.log.event_store import EventStore
    from leadledger.api.log.idempotency import RepeatedRequests
    from leadledger.api.log.message_kinds import MessageKind
    from leadledger.api.log.recorder import Recorder
    from leadledger.api.log.replay import Replayer
    from leadledger.api.log.store import LogStore
    from leadledger.models.upkeep import Upkeep

START_DELAY = 1.0  # seconds after which a service that has started answers its first requests undisturbed
EXPIRY_INTERVAL = 3600  # seconds between two searches for answers that need be kept no longer
UPKEEP_INTERVAL = 3600  # seconds between two looks at the outcomes of the newest leads, which takes a part of a second
WAITING_INTERVAL = 30  # seconds between two counts of the messages that wait to be delivered
SECONDS_KEPT = 20.0  # what takes long to work out of the whole book
RELEASE_INTERVAL = 0.5  # seconds between two looks at which release is the current one


@dataclass(frozen=True)
class DecisionLog:
    """The parts of the decision log: what writes it, answers repeated requests, reads it, its events and the book of
    known leads, and replays it; the subscriptions to its decisions, and the messages that wait for delivery.
    """

    recorder: Recorder
    repeated_requests: RepeatedRequests
    store: LogStore
    replayer: Replayer
    events: EventStore
    book: BookStore
    subscriptions: Subscriptions
    deliveries: DeliveryQueue


@dataclass
class Service:
    """What routes, tools and pages serve. `decision_log` is None where nothing is logged.

    Take `loaded` once per request, and use that to the end: it may be replaced at any moment.
    """

    settings: Settings
    loaded: LoadedCard
    decision_log: DecisionLog | None
    program_log: ProgramLog
    metrics: Metrics = field(default_factory=Metrics)
    kept_answers: KeptAnswers = field(default_factory=lambda: KeptAnswers(SECONDS_KEPT), init=False)
    problem: str = ""  # why the current release is not the one that is served; empty: it is
    _has_duties: bool = field(default=True, init=False)
    _changing: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    @property
    def follows(self) -> bool:
        """Whether the service serves whatever release is the current one."""
        return self.settings.card is None and self.settings.release is None

    @asynccontextmanager
    async def running(self, *, has_duties: bool = True) -> AsyncIterator[None]:
        """While the service runs, it follows the current release and records what it answers; at the end, the rest.

        `has_duties`: it also delivers messages, tells of releases and clears the log, from a moment after the start on;
        else that is left to another.
        """
        self._has_duties = has_duties
        tasks = [asyncio.create_task(self._watch())]
        if self.decision_log is not None and has_duties:
            tasks.append(asyncio.create_task(self._expire(self.decision_log.store)))
            tasks.append(asyncio.create_task(self._look_after(self.decision_log.store)))
            tasks.append(asyncio.create_task(self._deliver(self.decision_log)))
            tasks.append(asyncio.create_task(self._count_waiting(self.decision_log.deliveries)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            if self.decision_log is not None:
                await asyncio.to_thread(self.decision_log.recorder.writer.stop)
            # A task that is cancelled leaves its thread at work, and with it a connection that nobody would close.
            await asyncio.get_running_loop().shutdown_default_executor()
            self.close()

    def close(self) -> None:
        """Let the log's database go."""
        if self.decision_log is not None:
            self.decision_log.store.engine.dispose()

    async def follow(self) -> None:
        """Serve the current release. Raises ReleaseError: it is refused, and nothing changes.

        It is read and compiled in a thread, and takes the place of the one before in one step. Which one is current is
        looked up within the lock, so that nobody brings back what was current a moment ago.
        """
        async with self._changing:
            was = self.loaded.release
            name = await asyncio.to_thread(Releases(self.settings.home).current)
            if name == was:
                return
            self.loaded = await asyncio.to_thread(load_release, self.settings, name)
        await self._tell("release.published", {"release": self.loaded.release, "was": was}, ("release",))
        self.program_log.write("info", "release", message="another is served", release=self.loaded.release, was=was)

    async def _watch(self) -> None:
        """Twice a second, update the gauges, and serve the current release if that is another now."""
        watcher = ReleaseWatcher(self.settings.home, self.follow, self._report)
        while True:
            writer = self.decision_log.recorder.writer if self.decision_log else None
            self.metrics.update(self.loaded, writer, self.problem)
            await asyncio.sleep(RELEASE_INTERVAL)
            if self.follows:
                await watcher.look()

    def _report(self, problem: str) -> None:
        """Keep why the current release is not the one that is served, and log it; empty: it is served."""
        self.problem = problem
        if problem:
            self.program_log.write("error", "release", message=problem, served=self.loaded.release)

    async def _expire(self, store: LogStore) -> None:
        from sqlalchemy.exc import SQLAlchemyError

        await asyncio.sleep(START_DELAY)
        while True:
            with suppress(SQLAlchemyError):  # a score that can't be recorded will report it
                await call_in_thread(store.expire)
            await asyncio.sleep(EXPIRY_INTERVAL)

    async def _look_after(self, store: LogStore) -> None:
        """Once an hour, work out from the log whether the release that is served needs another rate, or training."""
        from sqlalchemy.exc import SQLAlchemyError

        await asyncio.sleep(START_DELAY)
        while True:
            loaded = self.loaded
            last_learned, promoted = loaded.last_learned, loaded.learned_promoted
            if last_learned is not None:
                from leadledger.api.log.recent_outcomes import measure_log  # not for a card alone

                with suppress(SQLAlchemyError):
                    upkeep = await call_in_thread(measure_log, store, loaded.engine, last_learned, promoted=promoted)
                    self.metrics.keep_upkeep(loaded.release, upkeep)
                    if upkeep is not None and upkeep.advice:
                        await self._tell("drift.warning", describe_drift(loaded.release, upkeep), ("release", "advice"))
            await asyncio.sleep(UPKEEP_INTERVAL)

    async def _tell(self, kind: MessageKind, data: Mapping[str, Any], same: Sequence[str]) -> None:
        """Write a message about no lead, unless the last one of its kind has the same values of `same`."""
        if self.decision_log is None or not self._has_duties:
            return
        from sqlalchemy.exc import SQLAlchemyError

        from leadledger.api.log.outbox import tell

        try:
            await call_in_thread(tell, self.decision_log.store.engine, kind, data, same)
        except SQLAlchemyError as error:
            self.program_log.write("error", "hook", message="not written", kind=kind, error=type(error).__name__)

    async def _deliver(self, log: DecisionLog) -> None:
        """Deliver the messages of hooks. Several workers share them."""
        await asyncio.sleep(START_DELAY)
        from leadledger.api.hooks.delivery import Deliverer
        from leadledger.api.hooks.sender import Sender

        deliverer = Deliverer(log.deliveries, Sender(self.settings.hooks_to_loopback), self._report_attempt)
        log.recorder.writer.on_messages = deliverer.wake
        running = asyncio.create_task(deliverer.run())
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            deliverer.stop()
            await running
            raise

    def _report_attempt(self, attempt: Attempt) -> None:
        """Count and log an attempt: what was delivered at `debug`. A URL may hold a secret, so it is left out."""
        self.metrics.count_attempt(attempt.outcome)
        level = {"delivered": "debug", "failed": "warning", "dead": "error"}[attempt.outcome]
        self.program_log.write(level, "hook", **attempt.to_dict())

    async def _count_waiting(self, deliveries: DeliveryQueue) -> None:
        from sqlalchemy.exc import SQLAlchemyError

        await asyncio.sleep(START_DELAY)
        while True:
            with suppress(SQLAlchemyError):
                self.metrics.keep_waiting_hooks(await call_in_thread(deliveries.count_waiting))
            await asyncio.sleep(WAITING_INTERVAL)


def describe_drift(release: str, upkeep: Upkeep) -> dict[str, Any]:
    """What a message says of a release that needs something."""
    return {
        "release": release,
        "advice": upkeep.advice,
        "leads": upkeep.leads,
        "won": upkeep.won,
        "predicted": round(upkeep.expected, 1),
        "sentence": upkeep.sentence,
    }


def open_service(settings: Settings, program_log: ProgramLog) -> Service:
    """The service that some settings describe. Raises ScoringError where it can't start."""
    loaded = load(settings)
    return Service(settings, loaded, _open_decision_log(settings, loaded), program_log)


def _open_decision_log(settings: Settings, loaded: LoadedCard) -> DecisionLog | None:
    """The decision log, open. Its library is loaded only where there is a log."""
    if settings.log == "off":
        return None
    from sqlalchemy.exc import SQLAlchemyError

    from leadledger.api.hooks.delivery_queue import DeliveryQueue
    from leadledger.api.hooks.subscriptions import Subscriptions
    from leadledger.api.log import database
    from leadledger.api.log.book_store import BookStore
    from leadledger.api.log.event_store import EventStore
    from leadledger.api.log.idempotency import RepeatedRequests
    from leadledger.api.log.recorder import Recorder
    from leadledger.api.log.replay import Replayer
    from leadledger.api.log.store import LogStore

    engine = database.open_database(settings.log_url, settings.home)
    store = LogStore(engine)
    if loaded.digest:
        try:
            store.keep_card(loaded.digest, loaded.text)
        except SQLAlchemyError as error:
            raise DataError(f"the log can't be written: {database.describe_error(error)}") from None
    recorder = Recorder(engine, settings.log)
    repeated, replayer = RepeatedRequests(recorder), Replayer(store, settings.home)
    hooks = Subscriptions(engine), DeliveryQueue(engine)
    return DecisionLog(recorder, repeated, store, replayer, EventStore(engine), BookStore(engine), *hooks)
