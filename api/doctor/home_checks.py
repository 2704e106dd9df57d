"""Checks of the home: its folder, its releases, its keys."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from leadledger.api.doctor.finding import Finding
from leadledger.api.doctor.installation import Installation
from leadledger.api.log.database import LOG_FILE
from leadledger.api.service import keys
from leadledger.models.releases.store import HOW_TO_RELEASE, Releases
from leadledger.scoring.errors import KeyFileError, ScoringError

FULL_DISK = 200_000_000  # bytes: less than this may be gone before anybody has read the warning
SCARCE_DISK = 1_000_000_000
_UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check_home(installation: Installation) -> Iterator[Finding]:
    """Whether the folder is there, belongs to one user, can be written, and has room."""
    home = installation.home
    path = home.absolute()
    user = getpass.getuser()
    if not installation.has_home:
        what = f"can't be reached by {user}, or isn't there" if _is_hidden(home) else "isn't there, or is no folder"
        mend = "name the home by --home or LEADLEDGER_HOME; `leadledger release CARD` makes one"
        yield Finding("problem", f"{path} {what}", mend)
        return
    quoted = shlex.quote(str(path))
    if not os.access(home, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        mend = f"sudo -u {_name_owner(home)} leadledger doctor --home {quoted}"
        yield Finding("problem", f"{path} can't be written by {user}", mend)
        return
    strangers = _list_strangers(home)
    if strangers:
        owner = _name_owner(home)
        listed = ", ".join(strangers[:3]) + (", …" if len(strangers) > 3 else "")
        yield Finding(
            "problem",
            f"{path} belongs to {owner}, and these in it to others, whom the service can't rely on: {listed}",
            f"sudo chown -R {owner} {quoted}",
        )
    yield _judge_disk(home)


def check_release(installation: Installation) -> Iterator[Finding]:
    """Whether what is to be served can be served, and which other releases are damaged."""
    if not installation.has_home and installation.card is None:
        return
    try:
        loaded = installation.load()
    except ScoringError as error:
        has_any = installation.card is None and bool(Releases(installation.home).names())
        mend = installation.word_command("releases") if has_any else HOW_TO_RELEASE.replace("`", "")
        yield Finding(
            "problem", str(error), mend if installation.card is None else f"leadledger check {installation.card}"
        )
        return
    name = loaded.card.card.name
    if not loaded.release:
        yield Finding("ok", f"the card '{name}' alone, without a release")
    else:
        current = Releases(installation.home).current()
        state = "the current one" if loaded.release == current else f"as asked; the current one is {current}"
        has_learned = loaded.card.learned.terms and loaded.last_learned
        learned = f"; it has learned from leads up to {loaded.last_learned}" if has_learned else ""
        yield Finding("ok", f"{loaded.release} of the card '{name}', {state}{learned}")
    for info in Releases(installation.home).list() if installation.has_home else ():
        if info.problem and info.name != loaded.release:
            yield Finding(
                "warning", f"{info.name} can't be used: {info.problem}", "restore it from a backup, or leave it"
            )


def check_keys(installation: Installation) -> Iterator[Finding]:
    """Whether there are keys that work, and only their owner can read the file."""
    if not installation.has_home:
        return
    add = installation.word_command("keys add NAME --scope score --scope read")
    try:
        known = keys.read(installation.home)
    except KeyFileError as error:
        yield Finding("problem", str(error), add)
        return
    if known is None:
        yield Finding("missing", "there are no keys: the service answers this machine only", add)
        return
    working = sum(key.revoked is None for key in known)
    if not working:
        yield Finding("problem", f"all {len(known):,} are revoked: nobody gets an answer", add)
    else:
        revoked = f", {len(known) - working:,} revoked" if working < len(known) else ""
        yield Finding("ok", f"{working:,} in use{revoked}")
    yield from judge_mode(installation.home / keys.KEY_FILE)


def judge_mode(path: Path) -> Iterator[Finding]:
    """A problem where others than the owner may read or write a file that is to be private."""
    if os.name == "posix" and path.is_file() and stat.S_IMODE(path.stat().st_mode) & _OTHERS:
        mode = stat.S_IMODE(path.stat().st_mode)
        yield Finding(
            "problem",
            f"{path} can be reached by others than its owner (mode {mode:04o})",
            f"chmod 600 {shlex.quote(str(path))}",
        )


def write_size(size: float) -> str:
    """A number of bytes for people."""
    unit, scale = next(((unit, scale) for unit, scale in _UNITS if size >= scale), _UNITS[-1])
    return f"{size / scale:,.1f} {unit}"


def _judge_disk(home: Path) -> Finding:
    free = shutil.disk_usage(home).free
    log = home / LOG_FILE
    needed = max(SCARCE_DISK, log.stat().st_size if log.is_file() else 0)
    text = f"{home.absolute()}, {write_size(free)} free"
    if free >= needed:
        return Finding("ok", text)
    mend = "make room: `leadledger log prune --older-than DAYS` deletes what is old"
    if free < FULL_DISK:
        return Finding("problem", f"{text}: the log will soon take no more scores", mend)
    return Finding("warning", f"{text}: a copy of the log needs {write_size(needed)}", mend)


def _is_hidden(home: Path) -> bool:
    """Whether this user may not look into a folder above the home."""
    try:
        home.stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _list_strangers(home: Path) -> list[str]:
    """What lies in the home and belongs to another user than the home."""
    if os.name != "posix":
        return []
    owner = home.stat().st_uid
    return sorted(entry.name for entry in home.iterdir() if entry.lstat().st_uid != owner)


def _name_owner(path: Path) -> str:
    try:
        return path.owner()
    except (KeyError, NotImplementedError):  # a user without a name; Windows
        return str(path.stat().st_uid)
