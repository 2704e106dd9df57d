"""A backup is whole or not there, and what is restored from it replays every score."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.backups import making
from leadledger.api.service import keys
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from tests.api.http.keyed_service import NOW, bearer
from tests.command_line import run

LEADS = [{"lead_id": f"L-{i}", "employees": i, "need": "urgent"} for i in range(20)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home, in which twenty leads were scored by a release, and its backup."""
    folder = tmp_path_factory.mktemp("backups")
    home = folder / "home"
    done = run("release", "examples/b2b-software/card.yaml", "--home", home)
    assert done.exit_code == 0
    _, key = keys.add(home, "all", ("score", "hooks", "admin"), NOW)
    with TestClient(create_app(Settings(home=home))) as client:
        client.post("/v1/score/batch", json={"leads": LEADS}, headers=bearer(key)).raise_for_status()
        client.post("/v1/drafts", json={"name": "new"}, headers=bearer(key)).raise_for_status()
        (home / "trainings").mkdir()
        (home / "trainings" / "leads.csv").write_text("x")
        (home / ".current.0123456789abcdef").write_text("half")
        assert run("backup", folder / "whole", "--home", home).exit_code == 0  # while it is served
    return folder


def copied(whole: Path, tmp_path: Path) -> Path:
    """The backup, to be damaged."""
    return Path(shutil.copytree(whole / "whole", tmp_path / "copy"))


@pytest.mark.slow
def test_a_backup_restores(whole: Path, tmp_path: Path) -> None:
    """All of a home comes back, with its permissions; what lasts for hours alone doesn't. Its scores are replayed."""
    home = tmp_path / "restored"
    done = run("restore", whole / "whole", "--home", home)
    assert done.exit_code == 0, done.output
    assert done.output.startswith("Restored 1 release and 20 scores of 20")
    files = {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}
    release = Releases(home).current()
    assert release == Releases(whole / "home").current()
    assert {
        *("current", "keys.json", ".keys.json.lock", "log.sqlite3", "releases.jsonl", "drafts/new/000001.yaml"),
        f"releases/{release}/manifest.json",
    } <= files
    assert not {file for file in files if file.startswith(("trainings/", ".current.0"))}
    assert Releases(home).open().card == Releases(whole / "home").open().card
    assert keys.read(home) == keys.read(whole / "home")
    modes = {name: stat.S_IMODE((home / name).stat().st_mode) for name in (".", "keys.json", "log.sqlite3")}
    assert modes == {".": 0o700, "keys.json": 0o600, "log.sqlite3": 0o600}
    done = run("log", "replay", "--home", home, "--json")
    replayed = json.loads(done.stdout)
    assert (done.exit_code, replayed["scores"], replayed["identical"], replayed["failed"]) == (0, 20, 20, 0)


def test_nobody_else_reads_a_backup(whole: Path) -> None:
    """Folders and files of a backup are their owner's alone."""
    paths = [whole / "whole", *(whole / "whole").rglob("*")]
    assert not [path for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077]


def test_nothing_is_overwritten(whole: Path) -> None:
    """A backup needs a new folder outside of the home, on a disk that is there; a restore needs an empty home."""
    home, backup = whole / "home", whole / "whole"
    absent = whole / "not-mounted" / "b"
    for words, expected in {
        ("backup", backup): f"{backup} is there already, and a backup overwrites nothing; name a new folder\n",
        ("backup", home / "b"): f"{home / 'b'} lies in the home; name a folder outside of it, best on another disk\n",
        ("backup", absent): f"{absent.parent} isn't there; create it, or mount its disk\n",
        ("restore", backup): f"{home} is not empty, and nothing is overwritten; name a new folder with --home\n",
    }.items():
        done = run(*words, "--home", home)
        assert (done.exit_code, done.stderr) == (1, expected)
    done = run("backup", whole / "of-nothing", "--home", whole / "nothing")
    assert done.exit_code == 1
    assert "has neither a release nor a log, so there is nothing to back up; name another --home" in done.stderr
    assert not (whole / "nothing").exists()


def test_a_damaged_backup_is_refused(whole: Path, tmp_path: Path) -> None:
    """A changed, a missing and a linked file are named, and nothing is restored."""
    damaged = copied(whole, tmp_path)
    (damaged / "home" / "current").write_text("2026-01-01-999\n")
    (damaged / "home" / "keys.json").unlink()
    (damaged / "home" / "releases.jsonl").unlink()
    (damaged / "home" / "releases.jsonl").symlink_to(whole / "whole" / "home" / "releases.jsonl")
    for words in (("restore", damaged), ("restore", damaged, "--check")):
        done = run(*words, "--home", tmp_path / "home")
        assert (done.exit_code, done.stderr.splitlines()) == (
            1,
            [
                f"the backup {damaged} is damaged, and nothing is restored from it:",
                "  current is not what was backed up",
                "  releases.jsonl is not what was backed up",
                "  keys.json is missing",
            ],
        )
    assert not (tmp_path / "home").exists()


def test_a_half_backup_is_none(whole: Path, tmp_path: Path) -> None:
    """Without its list, or with a list that was cut off, edited or leads elsewhere, a folder is no backup."""
    half = copied(whole, tmp_path)
    manifest = half / "backup.json"
    text = manifest.read_text()
    for content, expected in {
        text[:300]: f"{manifest} is damaged: it is not a list of files as `leadledger backup` writes it",
        text.replace('"scores": 20', '"scores": 19'): f"{manifest} is damaged: its SHA-256 isn't the recorded one",
        text.replace('"format": 1', '"format": 2'): f"{manifest} has format 2, and this program knows 1: a later"
        " leadledger restores it",
    }.items():
        manifest.write_text(content)
        done = run("restore", half, "--home", tmp_path / "home")
        assert (done.exit_code, done.stderr) == (1, f"{expected}\n")
    manifest.unlink()
    done = run("restore", half, "--home", tmp_path / "home")
    assert (done.exit_code, done.stderr) == (1, f"{half} is no backup: it has no backup.json, which is written last\n")


def test_what_fails_leaves_nothing(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a disk is full in the middle, no backup is left, nor a part of one."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(making, "write_synced", fail)
    done = run("backup", tmp_path / "full", "--home", whole / "home")
    assert (done.exit_code, done.stderr) == (1, "the backup can't be made: No space left on device\n")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_log_isn_t_backed_up(whole: Path, tmp_path: Path) -> None:
    """What SQLite can't read any more is said, before anybody relies on the backup."""
    home = Path(shutil.copytree(whole / "home", tmp_path / "home"))
    (home / "log.sqlite3").write_bytes(b"SQLite format 3\0" + bytes(5000))
    done = run("backup", tmp_path / "backup", "--home", home)
    assert (done.exit_code, (tmp_path / "backup").exists()) == (1, False)
    assert done.stderr.startswith("the backup can't be made: ")


def test_old_backups_are_removed(whole: Path, tmp_path: Path) -> None:
    """With `--keep`, so many of the newest backups stay, and all that is none; the time stands in the name."""
    home, folder = whole / "home", tmp_path / "backups"
    folder.mkdir()
    shutil.copytree(whole / "whole", folder / "first")
    (folder / "notes").mkdir()
    shutil.copytree(whole / "whole", folder / "damaged")
    (folder / "damaged" / "backup.json").write_text("{}")
    done = run("backup", folder / "of-%Y", "--home", home, "--keep", 1)
    assert done.exit_code == 0, done.output
    assert done.output.endswith("Removed 1 older backup: first.\n")
    (name,) = {path.name for path in folder.iterdir()} - {"notes", "damaged"}
    assert name.startswith("of-20")
    assert run("restore", folder / name, "--check").exit_code == 0
    assert run("backup", folder / "third", "--home", home, "--keep", 2).exit_code == 0
    assert {path.name for path in folder.iterdir()} == {"notes", "damaged", name, "third"}


def test_a_log_in_postgresql_is_left_to_pg_dump(whole: Path, tmp_path: Path) -> None:
    """The home alone is backed up, and both commands say where the log is, without its password."""
    url = "postgresql://crm:secret@db.example.org/crm"
    done = run("backup", tmp_path / "backup", "--home", whole / "home", "--log-url", url)
    assert done.exit_code == 0
    assert "all else of" in done.output
    assert "The log is postgresql+psycopg://crm:***@db.example.org/crm. Run pg_dump before each" in done.output
    done = run("restore", tmp_path / "backup", "--home", tmp_path / "home")
    assert "it was postgresql+psycopg://crm:***@db.example.org/crm. Restore that by pg_restore." in done.output
    assert not (tmp_path / "home" / "log.sqlite3").exists()
    assert "secret" not in (tmp_path / "backup" / "backup.json").read_text()


def test_replay_finds_what_is_otherwise(whole: Path, tmp_path: Path) -> None:
    """A score that was edited, or whose release is gone, is named, and the exit status says so."""
    home = tmp_path / "home"
    run("restore", whole / "whole", "--home", home)
    with closing(sqlite3.connect(home / "log.sqlite3")) as log, log:
        (first, second), *_ = log.execute("SELECT min(id), max(id) FROM scores")
        log.execute("UPDATE scores SET result = replace(result, 'points', 'pints') WHERE id = ?", [first])
        log.execute("UPDATE scores SET release = '2020-01-01-001' WHERE id = ?", [second])
        log.execute("UPDATE scores SET input = NULL, result = NULL WHERE id NOT IN (?, ?)", [first, second])
    done = run("log", "replay", "--home", home, "--json")
    replayed = json.loads(done.stdout)
    assert (done.exit_code, replayed["scores"], replayed["identical"], replayed["forgotten"]) == (1, 2, 0, 18)
    assert {problem[:26]: problem[28:50] for problem in replayed["problems"]} == {
        first: "it came out different"[:22],
        second: "there is no release '2",
    }
