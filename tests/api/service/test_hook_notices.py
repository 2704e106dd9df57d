"""What a service tells of itself: that it serves another release, and that outcomes advise something."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leadledger.api.service.program_log import ProgramLog
from leadledger.api.service.service import Service, describe_drift, open_service
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from leadledger.models.upkeep import Upkeep
from tests.api.hooks.decisions import read_messages, subscribe

DRIFTED = Upkeep(leads=400, won=80, expected=55.04, errors=3.4, slope=1.0, slope_errors=0.1)


@pytest.fixture
def workers(two_releases: Path) -> Iterator[list[Service]]:
    """Two workers of a service, which share a log and a home; somebody subscribes."""
    services = [open_service(Settings(home=two_releases), ProgramLog("error")) for _ in range(2)]
    assert services[0].decision_log is not None
    subscribe(services[0].decision_log.store.engine, "release.published", "drift.warning")
    yield services
    for service in services:
        service.close()


def list_told(service: Service) -> list[tuple[str, dict[str, Any]]]:
    """Kind and data of each message."""
    assert service.decision_log is not None
    return [(row["kind"], row["body"]["data"]) for row in read_messages(service.decision_log.store.engine)]


def test_a_release_is_told_once(workers: list[Service], two_releases: Path) -> None:
    """However many workers follow a release, one message tells of it, each time that it becomes the current one."""
    first, second = Releases(two_releases).names()
    for release in (first, second):
        Releases(two_releases).use(release)
        for worker in workers:
            asyncio.run(worker.follow())
            asyncio.run(worker.follow())
    assert list_told(workers[0]) == [
        ("release.published", {"release": first, "was": second}),
        ("release.published", {"release": second, "was": first}),
    ]


def test_drift_is_told_once(workers: list[Service]) -> None:
    """What outcomes advise is told when it is advised first, and again where the advice is another."""
    others = Upkeep(**{**DRIFTED.__dict__, "slope": 0.5, "slope_errors": -4.0})
    for upkeep in (DRIFTED, DRIFTED, others):
        for worker in workers:
            notice = describe_drift(worker.loaded.release, upkeep)
            asyncio.run(worker._tell("drift.warning", notice, ("release", "advice")))
    assert [(data["advice"], data["won"], data["predicted"]) for _, data in list_told(workers[0])] == [
        ("recalibrate", 80, 55.0),
        ("train", 80, 55.0),
    ]
    assert list_told(workers[0])[0][1]["sentence"].startswith("The rate has moved: of the 400 newest leads")


def test_a_log_that_fails_stops_nothing(workers: list[Service], two_releases: Path) -> None:
    """The release is served, also where nobody can be told of it."""
    worker = workers[0]
    assert worker.decision_log is not None
    with worker.decision_log.store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE subscriptions")
    Releases(two_releases).use(Releases(two_releases).names()[0])
    asyncio.run(worker.follow())
    assert worker.loaded.release == Releases(two_releases).names()[0]
