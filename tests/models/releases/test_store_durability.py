"""Publishing when the disk fails, a publisher is killed, or many publish at once: no release is ever half there."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from leadledger.models.releases.store import Releases
from tests.models.releases.release_examples import CARD_TEXT, publish, refusal

ROOT = Path(__file__).parents[3]

# -- failures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", ["fsync", "rename"])
def test_disk_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    """Where the disk fails half way, nothing is published, nothing is left behind, and the former stays current."""
    former = publish(tmp_path)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(*((os, "fsync", fail) if broken == "fsync" else (Path, "rename", fail)))
        assert (
            refusal(lambda: publish(tmp_path)) == f"the release can't be written to {tmp_path}: No space left on device"
        )
    assert [path.name for path in (tmp_path / "releases").iterdir()] == [former]
    assert Releases(tmp_path).open().release == former


def test_current_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only `current` can't be written, the release is there, the former stays current, and that is said."""
    former = publish(tmp_path)

    def fail(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        message = "release 2026-11-24-002 is there, but can't be made current: Permission denied"
        assert refusal(lambda: publish(tmp_path)) == message
    assert Releases(tmp_path).current() == former
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".current.lock",
        "current",
        "releases",
        "releases.jsonl",
    ]


def test_interrupted_publisher(tmp_path: Path) -> None:
    """What a publisher that was killed left behind is not a release."""
    (tmp_path / "releases" / ".new-0123456789abcdef").mkdir(parents=True)
    (tmp_path / "releases" / "a file").write_text("")
    (tmp_path / "releases" / "2026-11-24-001").write_text("a file where the first release would go")
    assert Releases(tmp_path).names() == ()
    assert publish(tmp_path) == "2026-11-24-002"


# -- many at once -----------------------------------------------------------------------------------------------------

PUBLISHER = """
import sys
sys.path.insert(0, {root!r})
from datetime import UTC, datetime
from leadledger.models.releases.store import Releases
from leadledger.scoring.scorecard import Learned
store = Releases({home!r})
sys.stdin.readline()  # both start at once
for i in range(15):
    made = store.publish({card!r}, Learned(start=i), metrics={{"who": {who}}}, provenance={{}},
                         created=datetime(2026, 11, 24, tzinfo=UTC), files={{"big": bytes(200_000)}})
    print(made)
"""


@pytest.mark.slow
def test_two_processes_publish(tmp_path: Path) -> None:
    """Two processes that publish at once get a name each for every release, and a reader sees only whole ones."""
    processes = []
    for who in (1, 2):
        code = PUBLISHER.format(root=str(ROOT), home=str(tmp_path), card=CARD_TEXT, who=who)
        processes.append(
            subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    store, opened = Releases(tmp_path), 0
    while any(process.poll() is None for process in processes):
        for name in store.names()[-2:]:
            assert store.open(name).release == name
            opened += 1
        if store.current() is not None:
            assert store.open().release in store.names()
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    names = [line for output in outputs for line in output.split()]
    assert len(set(names)) == 30 == len(store.names())
    assert set(names) == set(store.names())
    assert opened
    assert not [release.problem for release in store.list() if release.problem]


def test_threads_publish_and_use(tmp_path: Path) -> None:
    """Threads that publish, use and open at once never meet half a release."""
    publish(tmp_path)
    problems: list[BaseException] = []

    def work(task: Callable[[], object]) -> None:
        try:
            for _ in range(15):
                task()
        except BaseException as error:
            problems.append(error)

    def again() -> None:
        store = Releases(tmp_path)
        store.use(store.names()[0])
        store.open()

    threads = [threading.Thread(target=work, args=(task,)) for task in (lambda: publish(tmp_path), again) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(Releases(tmp_path).names()) == 46
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".current.lock",
        "current",
        "releases",
        "releases.jsonl",
    ]
