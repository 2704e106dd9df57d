"""The manifest of a release: one that is damaged, changed or of another version is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leadledger.models.releases.manifest import CARD, LEARNED, MANIFEST
from leadledger.models.releases.store import Releases
from tests.models.releases.release_examples import overwrite, publish, refusal, reseal


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "manifest.json is missing"),
        (b"", "manifest.json is not what was published: it is not JSON"),
        (b"\xff", "manifest.json is not what was published: it is not JSON"),
        (b"[" * 100_000, "manifest.json is not what was published: it is not JSON"),
        (b"[]", "manifest.json is not what was published: its own digest doesn't match"),
        (b"{}", "manifest.json is not what was published: its own digest doesn't match"),
    ],
)
def test_damaged_manifest(tmp_path: Path, content: bytes | None, reason: str) -> None:
    """A release without a whole manifest is refused; the list shows it with its problem, and the others as ever."""
    name, second = publish(tmp_path), publish(tmp_path)
    path = tmp_path / "releases" / name / MANIFEST
    if content is None:
        path.unlink()
    else:
        overwrite(path, content)
    message = refusal(lambda: Releases(tmp_path).open(name))
    assert message.splitlines() == [
        f"release {name} is refused:",
        f"  {reason}",
        f"A release is never edited; `leadledger releases use {second}` chooses another",
    ]
    damaged, sound = Releases(tmp_path).list()
    assert (damaged.problem, damaged.created, sound.problem) == (message, None, "")
    assert damaged.to_dict()["created"] is None


def test_changed_note(tmp_path: Path) -> None:
    """The manifest itself is sealed: a changed note is noticed."""
    name = publish(tmp_path, note="good")
    path = tmp_path / "releases" / name / MANIFEST
    overwrite(path, path.read_bytes().replace(b"good", b"best"))
    assert "its own digest doesn't match" in refusal(Releases(tmp_path).open)


NOT_ALL_FILES = "manifest.json doesn't list the files of a release"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda manifest: manifest.update(format=2), "it has format 2; this version of leadledger reads format 1"),
        (lambda manifest: manifest.pop("files"), NOT_ALL_FILES),
        (lambda manifest: manifest["files"].pop(LEARNED), NOT_ALL_FILES),
        (
            lambda manifest: manifest["files"].update({"../x": "0" * 64}),
            NOT_ALL_FILES,
        ),
        (lambda manifest: manifest["files"].update({CARD: 7}), NOT_ALL_FILES),
    ],
)
def test_sealed_and_still_wrong(tmp_path: Path, change: Callable[[dict[str, Any]], None], reason: str) -> None:
    """A manifest of another version, or one that leaves files out or leads out of the folder, is refused."""
    name = publish(tmp_path)
    reseal(tmp_path / "releases" / name, change)
    assert f"\n  {reason}\n" in refusal(Releases(tmp_path).open)
    assert reason in Releases(tmp_path).list()[0].problem


def test_list_survives_strange_contents(tmp_path: Path) -> None:
    """A sealed manifest without a date is listed with a problem, not a traceback."""
    name = publish(tmp_path)
    reseal(tmp_path / "releases" / name, lambda manifest: manifest.update(created="yesterday"))
    assert Releases(tmp_path).list()[0].problem == "Invalid isoformat string: 'yesterday'"
