"""Files that are whole or not there: what a reader sees, what a failure leaves, who may read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from leadledger.models.durable_files import publish_file, replace_file, sweep, write_synced


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


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    """Parts and drafts of an hour ago go with the next write; newer ones, and other files, stay."""
    names = [f".current.{'a' * 16}", f".current.{'b' * 16}", ".current.txt", f".other.{'a' * 16}"]
    for name in names:
        (tmp_path / name).touch()
    for name in (names[0], names[2], names[3]):
        os.utime(tmp_path / name, (1_000_000_000, 1_000_000_000))
    replace_file(tmp_path / "current", b"one")
    assert sorted(os.listdir(tmp_path)) == sorted([*names[1:], "current"])
    draft = tmp_path / f".new-{'c' * 16}"
    draft.mkdir()
    (draft / "card.yaml").touch(0o444)
    os.utime(draft, (1_000_000_000, 1_000_000_000))
    sweep(tmp_path, r"\.new-[0-9a-f]{16}")
    assert not draft.exists()
