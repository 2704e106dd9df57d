"""Files that are whole or not there: what a reader sees, what a failure leaves, who may read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from leadledger.models.durable_files import publish_file, replace_file, write_synced


def test_a_file_is_written_once(tmp_path: Path) -> None:
    """A new file has the bytes as given, and is never written over."""
    write_synced(tmp_path / "new", b"a\nb\r\n\x00")
    assert (tmp_path / "new").read_bytes() == b"a\nb\r\n\x00"
    with pytest.raises(FileExistsError):
        write_synced(tmp_path / "new", b"other")
    assert (tmp_path / "new").read_bytes() == b"a\nb\r\n\x00"


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    """The new bytes take the place of the old ones, and nothing else is left in the folder."""
    path = tmp_path / "current"
    replace_file(path, b"one")
    replace_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["current"]


def test_a_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the new file can't take its place, the old one stays as it was, and no part of the new one stays."""
    path = tmp_path / "current"
    replace_file(path, b"old")

    def fail(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["current"]


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_permissions_hold_from_the_start(tmp_path: Path) -> None:
    """A secret is never readable by others, also where the file before it was."""
    path = tmp_path / "keys.json"
    path.write_bytes(b"")
    path.chmod(0o644)
    replace_file(path, b"secret", 0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a folder can't be opened")
def test_the_folder_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """First the bytes are synced, then the folder that names them."""
    synced: list[bool] = []
    sync = os.fsync

    def note(handle: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(handle).st_mode))
        sync(handle)

    monkeypatch.setattr(os, "fsync", note)
    (tmp_path / "part").write_bytes(b"rows")
    publish_file(tmp_path / "part", tmp_path / "out.csv")
    assert synced == [False, True]
    assert os.listdir(tmp_path) == ["out.csv"]
