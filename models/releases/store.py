"""Releases: a card and what was learned for it, kept in folders that never change; one of them is current.

    home/current                      the name of the current release
    home/releases/2026-11-24-001/     a release: the day it was made (UTC) and a running number
        card.yaml                     the card, as it was
        learned.json                  what was learned, one bin a line
        metrics.json, provenance.json how good it is, and what it came from
        manifest.json                 the SHA-256 digest of each file, the date, a note
        …                             whatever else training adds: a report, the fitted estimator

A release is written under another name and renamed when it is whole, and so is `current`: a reader never sees half of
either. Whoever opens a release gets what was published, or a ReleaseError: the digest of every file is checked first.
Dates stand in the manifest and the provenance only, so that learning the same twice gives the same files otherwise.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from leadledger.models.releases.diff import Diff, compare
from leadledger.models.releases.learned import check_learned, learned_from_text, learned_to_text
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import ReleaseError, ScorecardError, did_you_mean, quote
from leadledger.scoring.scorecard import Learned, Scorecard

FORMAT = 1
CARD, LEARNED, METRICS, PROVENANCE, MANIFEST = (
    "card.yaml",
    "learned.json",
    "metrics.json",
    "provenance.json",
    "manifest.json",
)
NO_FILES: Mapping[str, bytes] = MappingProxyType({})
CORE = (CARD, LEARNED, METRICS, PROVENANCE)
TRAIN = "`leadledger train CARD DATA` makes one"

_NAME = re.compile(r"[0-9a-z][0-9a-z-]{0,99}")
_FILE = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.-]{0,99}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Info:
    """A line of the list of releases.

    `metrics` are the numbers at the top of metrics.json. `problem` is empty, or says why the release can't be listed
    with more than its name; `created` is None then. A list doesn't check every file: `Releases.open` does.
    """

    name: str
    current: bool
    created: datetime | None = None
    card: str = ""
    note: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "name": self.name,
            "current": self.current,
            "created": None if self.created is None else self.created.isoformat(),
            "card": self.card,
            "note": self.note,
            "metrics": dict(self.metrics),
            "problem": self.problem,
        }


class Releases:
    """The releases of one home folder. The folder need not exist before the first release is published.

    Names come from outside: they have a to z, 0 to 9 and - only, so that none leads out of the folder.
    """

    def __init__(self, home: Path | str) -> None:
        self.home = Path(home)
        self._root = self.home / "releases"

    # -- what there is ------------------------------------------------------------------------------------------------

    def names(self) -> tuple[str, ...]:
        """The names of all releases, oldest first; none where there is no home yet."""
        try:
            with os.scandir(self._root) as entries:
                found = [entry.name for entry in entries if _NAME.fullmatch(entry.name) and entry.is_dir()]
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise ReleaseError(f"the releases in {self.home} can't be listed: {_why(error)}") from error
        return tuple(sorted(found, key=_age))

    def list(self) -> tuple[Info, ...]:
        """All releases, oldest first. One that is damaged is listed with its problem."""
        return tuple(self._info(name, self._is_current(name)) for name in self.names())

    def current(self) -> str | None:
        """The name of the current release; None where none has been. Raises ReleaseError if it can't be read."""
        try:
            text = (self.home / "current").read_bytes()[:200].decode("utf-8", "replace").strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ReleaseError(f"{self.home / 'current'} can't be read: {_why(error)}") from error
        if not _NAME.fullmatch(text):
            found = f"{self.home / 'current'} holds {quote(text)}, which is not the name of a release"
            raise ReleaseError(f"{found}; {self._choose()}")
        return text

    def show(self, name: str | None = None) -> dict[str, Any]:
        """The manifest, metrics and provenance of a release (None: the current one), after checking every file."""
        name = self._chosen(name)
        manifest, contents = self._verified(name)
        try:
            parts = {
                key: json.loads(contents[file]) for key, file in (("metrics", METRICS), ("provenance", PROVENANCE))
            }
        except (ValueError, RecursionError) as error:
            raise self._refusal(name, [f"metrics or provenance are not JSON: {error}"]) from None
        return {"name": name, "current": self._is_current(name), **manifest, **parts}

    def path(self, name: str, file: str) -> Path:
        """Where a file of a release lies, for people; whoever computes with it calls `read`, which checks it."""
        return self._root / name / file

    def read(self, name: str, file: str) -> bytes:
        """The bytes of one file of a release, after checking its digest."""
        files = self._manifest(name)["files"]
        if file not in files:
            raise ReleaseError(f"release {name} has no file {quote(file)}.{did_you_mean(file, files)}")
        content, problem = self._checked(name, file, files[file], keep=True)
        if problem:
            raise self._refusal(name, [problem])
        return content

    # -- use ----------------------------------------------------------------------------------------------------------

    def open(self, name: str | None = None) -> Scorecard:
        """The scorecard of a release (None: the current one).

        Raises ReleaseError where there is none, where a file is not what was published, or where this version of
        leadledger refuses its card or what was learned; the text says which, and what to do.
        """
        name = self._chosen(name)
        manifest, contents = self._verified(name)
        try:
            # A release of before there were standard names is read without them: none of its points may move.
            standard_names = manifest.get("standard_names") is True
            card = parse_card(contents[CARD].decode("utf-8-sig"), CARD, standard_names=standard_names)
            learned = learned_from_text(contents[LEARNED].decode("utf-8"))
            check_learned(card, learned)
        except ScorecardError as error:
            raise self._refusal(name, ["its card can't be read any more:", *map(str, error.problems)]) from error
        except ReleaseError as error:
            raise self._refusal(name, [f"{LEARNED}: {line}" for line in str(error).splitlines()]) from error
        except UnicodeDecodeError as error:
            raise self._refusal(name, [f"{CARD} or {LEARNED} is not UTF-8 text: {error.reason}"]) from None
        return Scorecard(card, learned, release=name)

    def use(self, name: str) -> None:
        """Make a release the current one. One that `open` refuses is refused, and the former stays current."""
        self.open(name)
        self._point(name)

    def diff(self, old: str, new: str) -> Diff:
        """What moved between two releases, by how many points."""
        return compare(self.open(old), self.open(new))

    # -- publish ------------------------------------------------------------------------------------------------------

    def publish(
        self,
        card_text: str,
        learned: Learned,
        *,
        metrics: Mapping[str, Any],
        provenance: Mapping[str, Any],
        created: datetime,
        files: Mapping[str, bytes] = NO_FILES,
        note: str = "",
        current: bool = True,
        standard_names: bool = True,
    ) -> str:
        """Keep a card and what was learned for it as a new release, and return its name.

        `card_text` is the card as it stands in its file; `metrics` and `provenance` are JSON; `files` holds further
        files by name, which the store never looks into; `created` without a time zone is UTC; `standard_names` says
        whether what was learned rests on the standard names of CRMs. Raises ScorecardError or ReleaseError for what
        `open` would refuse; nothing is published then. Several processes may publish at once.
        """
        card = parse_card(card_text.removeprefix("\ufeff"), CARD, standard_names=standard_names)
        check_learned(card, learned)
        text = learned_to_text(learned)
        if learned_from_text(text) != learned:
            raise ReleaseError("what was learned can't be written without loss; this is a mistake of the training")
        for file in files:
            if not _FILE.fullmatch(file) or file in (*CORE, MANIFEST):
                raise ReleaseError(f"a release can't have a further file named {quote(file)}")
        created = created.astimezone(UTC) if created.tzinfo else created.replace(tzinfo=UTC)
        contents = {
            CARD: card_text.encode(),
            LEARNED: text.encode(),
            METRICS: _json(METRICS, metrics),
            PROVENANCE: _json(PROVENANCE, provenance),
            **files,
        }
        manifest: dict[str, Any] = {
            "format": FORMAT,
            "card": card.name,
            "created": created.isoformat(timespec="seconds"),
            "note": note,
            "standard_names": standard_names,
            "files": {file: hashlib.sha256(content).hexdigest() for file, content in contents.items()},
        }
        contents[MANIFEST] = _json(MANIFEST, manifest | {"digest": _seal(manifest)})
        name = self._keep(contents, created.date().isoformat())
        if current:
            self._point(name)
        return name

    def _keep(self, contents: Mapping[str, bytes], day: str) -> str:
        draft = self._root / f".new-{secrets.token_hex(8)}"
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            draft.mkdir()
            try:
                for file, content in contents.items():
                    _write(draft / file, content, read_only=True)
                _sync(draft)
                name = self._settle(draft, day)
            except BaseException:
                shutil.rmtree(draft, ignore_errors=True)
                raise
            _sync(self._root)
        except OSError as error:
            raise ReleaseError(f"the release can't be written to {self.home}: {_why(error)}") from error
        return name

    def _settle(self, draft: Path, day: str) -> str:
        """Give a release that is whole the next free name of the day.

        A folder can't be renamed to one that has files in it: each name is taken once, whoever else publishes.
        https://pubs.opengroup.org/onlinepubs/9799919799/functions/rename.html
        """
        taken = [name.removeprefix(f"{day}-") for name in self.names() if name.startswith(f"{day}-")]
        number = max((int(one) for one in taken if one.isdecimal()), default=0)
        while True:
            number += 1
            name = f"{day}-{number:03}"
            try:
                draft.rename(self._root / name)
                return name
            except OSError as error:
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                    raise

    def _point(self, name: str) -> None:
        draft = self.home / f".current-{secrets.token_hex(8)}"
        try:
            _write(draft, f"{name}\n".encode())
            os.replace(draft, self.home / "current")
            _sync(self.home)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise ReleaseError(f"release {name} is there, but can't be made current: {_why(error)}") from error

    # -- checks -------------------------------------------------------------------------------------------------------

    def _chosen(self, name: str | None) -> str:
        """The name of a release that exists; None: the current one."""
        if name is not None:
            if not _NAME.fullmatch(name):
                rule = "a name has a to z, 0 to 9 and - only, such as 2026-11-24-001"
                raise ReleaseError(f"{quote(name)} is not the name of a release; {rule}")
            names = self.names()
            if name not in names:
                hint = did_you_mean(name, reversed(names)) or f" There is none yet; {TRAIN}."
                raise ReleaseError(f"there is no release '{name}' in {self.home}.{hint}")
            return name
        current = self.current()
        names = self.names()
        if not names:
            raise ReleaseError(f"there is no release in {self.home} yet; {TRAIN}")
        if current is None:
            raise ReleaseError(f"no release in {self.home} is current; {self._choose()}")
        if current not in names:
            raise ReleaseError(
                f"the current release of {self.home}, {current}, is not there any more; {self._choose()}"
            )
        return current

    def _is_current(self, name: str) -> bool:
        try:
            return name == self.current()
        except ReleaseError:  # who lists or shows releases is about to choose another
            return False

    def _choose(self, but: str = "") -> str:
        others = [name for name in self.names() if name != but]
        if not others:
            return f"there is no other; {TRAIN}"
        return f"`leadledger releases use {others[-1]}` chooses {'another' if but else 'one'}"

    def _refusal(self, name: str, problems: Iterable[str]) -> ReleaseError:
        found = "".join(f"\n  {problem}" for problem in problems)
        return ReleaseError(f"release {name} is refused:{found}\nA release is never edited; {self._choose(name)}")

    def _manifest(self, name: str) -> dict[str, Any]:
        """The manifest of a release, checked against its own digest."""
        name = self._chosen(name)
        try:
            data = json.loads((self._root / name / MANIFEST).read_bytes())
        except OSError as error:
            raise self._refusal(name, [f"{MANIFEST} {_absent(error)}"]) from None
        except (ValueError, RecursionError):
            raise self._refusal(name, [f"{MANIFEST} is not what was published: it is not JSON"]) from None
        digest = data.pop("digest", None) if isinstance(data, dict) else None
        if not isinstance(data, dict) or digest != _seal(data):
            raise self._refusal(name, [f"{MANIFEST} is not what was published: its own digest doesn't match"])
        if data.get("format") != FORMAT:
            reason = f"it has format {quote(data.get('format'))}; this version of leadledger reads format {FORMAT}"
            raise self._refusal(name, [reason])
        files = data["files"] if isinstance(data.get("files"), dict) else {}
        sound = all(_FILE.fullmatch(file) and _DIGEST.fullmatch(str(one)) for file, one in files.items())
        if not sound or not all(file in files for file in CORE):
            raise self._refusal(name, [f"{MANIFEST} doesn't list the files of a release"])
        return data

    def _verified(self, name: str) -> tuple[dict[str, Any], dict[str, bytes]]:
        """The manifest, and the bytes of the files that the store reads; the digest of every file is checked."""
        manifest = self._manifest(name)
        contents, problems = {}, []
        for file, digest in manifest["files"].items():
            contents[file], problem = self._checked(name, file, digest, keep=file in CORE)
            problems += [problem] if problem else []
        if problems:
            raise self._refusal(name, problems)
        return manifest, contents

    def _checked(self, name: str, file: str, digest: str, keep: bool) -> tuple[bytes, str]:
        """The bytes of a file, if they are to be kept, and what is wrong with it (empty: nothing).

        The bytes that are used are the ones that were checked: the file is read once.
        """
        content = b""
        try:
            with (self._root / name / file).open("rb") as stream:
                if keep:
                    content = stream.read()
                    found = hashlib.sha256(content).hexdigest()
                else:
                    found = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            return b"", f"{file} {_absent(error)}"
        if found != digest:
            return b"", f"{file} is not what was published: its SHA-256 is {found[:12]}…, {digest[:12]}… is recorded"
        return content, ""

    def _info(self, name: str, current: bool) -> Info:
        try:
            manifest = self._manifest(name)
            content, problem = self._checked(name, METRICS, manifest["files"][METRICS], keep=True)
            if problem:
                raise self._refusal(name, [problem])
            metrics = json.loads(content)
            return Info(
                name,
                current,
                datetime.fromisoformat(manifest["created"]),
                manifest["card"],
                manifest["note"],
                {
                    key: one
                    for key, one in metrics.items()
                    if isinstance(one, int | float) and not isinstance(one, bool)
                },
            )
        except (ReleaseError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            # A manifest that is sealed and still not one of ours: whatever is wrong with it, the list goes on.
            return Info(name, current, problem=str(error))


def _age(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts names by date and number: number 1000 of a day after number 999."""
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in name.split("-"))


def _json(file: str, value: Mapping[str, Any]) -> bytes:
    try:
        return (json.dumps(dict(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ReleaseError(f"{file} can't be written as JSON: {error}") from error


def _seal(manifest: Mapping[str, Any]) -> str:
    """The digest of a manifest without its `digest`, however it is laid out."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _write(path: Path, content: bytes, read_only: bool = False) -> None:
    with path.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    if read_only:
        path.chmod(path.stat().st_mode & ~0o222)


def _sync(folder: Path) -> None:
    """Make renames in a folder last through a loss of power."""
    if os.name != "posix":  # elsewhere a folder can't be opened
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _why(error: OSError) -> str:
    return error.strerror or str(error)


def _absent(error: OSError) -> str:
    return "is missing" if isinstance(error, FileNotFoundError) else f"can't be read: {_why(error)}"
