"""Releases: a card and what was learned for it, kept in folders that never change; one of them is current.

    home/current                      the name of the current release
    home/releases.jsonl               who made which release current, and when
    home/releases/2026-11-24-001/     a release: the day it was made (UTC) and a running number
        card.yaml                     the card, as it was
        learned.json                  what was learned, one bin a line
        metrics.json, provenance.json how good it is, and what it came from
        manifest.json                 the SHA-256 digest of each file, the date, a note
        …                             whatever else training adds: a report, the fitted estimator

A release is written under another name and renamed when it is complete, and so is `current`: a reader never sees half
of either. `Releases.open` checks the digest of every file, so it returns what was published or raises a ReleaseError.
Dates stand in the manifest and the provenance only, so that training twice on the same data gives the same files
otherwise.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from leadledger.models.durable_files import replace_file, sweep, sync_folder, write_synced
from leadledger.models.locked_file import lock_file
from leadledger.models.releases.journal import JournalEntry, ReleaseChange, append_entry, read_journal
from leadledger.models.releases.learned_checks import check_learned
from leadledger.models.releases.learned_reader import learned_from_text
from leadledger.models.releases.learned_writer import learned_to_text
from leadledger.models.releases.manifest import (
    CARD,
    CORE_FILES,
    FILE_NAME,
    LEARNED,
    MANIFEST,
    METRICS,
    PROVENANCE,
    make_manifest,
    read_manifest,
    write_json,
)
from leadledger.models.releases.release_info import ReleaseInfo
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.choice_flags import add_choice_flags
from leadledger.scoring.errors import (
    ReleaseError,
    ReleaseHomeError,
    ReleaseOvertaken,
    ScorecardError,
    did_you_mean,
    quote,
)
from leadledger.scoring.scorecard import Learned, Scorecard

if TYPE_CHECKING:
    from leadledger.models.releases.changes import Diff

NO_FILES: Mapping[str, bytes] = MappingProxyType({})
CURRENT_LOCK = ".current.lock"  # in the home: held by whoever makes another release current
HOW_TO_RELEASE = "`leadledger release CARD` or `leadledger train CARD DATA` makes one"

_RELEASE_NAME = re.compile(r"[0-9a-z][0-9a-z-]{0,99}")


class Releases:
    """The releases of one home folder. The folder need not exist before the first release is published.

    Names come from outside: they have a to z, 0 to 9 and - only, so that none leads out of the folder.
    """

    def __init__(self, home: Path | str) -> None:
        self.home = Path(home)
        self._root = self.home / "releases"

    # -- listing and reading ------------------------------------------------------------------------------------------

    def names(self) -> tuple[str, ...]:
        """The names of all releases, oldest first; none where there is no home yet."""
        try:
            with os.scandir(self._root) as entries:
                names = [entry.name for entry in entries if _RELEASE_NAME.fullmatch(entry.name) and entry.is_dir()]
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise ReleaseError(f"the releases in {self.home} can't be listed: {_why(error)}") from error
        return tuple(sorted(names, key=_sort_key))

    def list(self) -> tuple[ReleaseInfo, ...]:
        """All releases, oldest first. One that is damaged is listed with its problem."""
        return tuple(self._info(name, self._is_current(name)) for name in self.names())

    def current(self) -> str | None:
        """The name of the current release; None before the first one. Raises ReleaseError if it can't be read."""
        try:
            text = (self.home / "current").read_bytes()[:200].decode("utf-8", "replace").strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ReleaseError(f"{self.home / 'current'} can't be read: {_why(error)}") from error
        if not _RELEASE_NAME.fullmatch(text):
            problem = f"{self.home / 'current'} holds {quote(text)}, which is not the name of a release"
            raise ReleaseError(f"{problem}; {self._choose()}")
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
        """Where a file of a release lies, to show to people. Code that uses the contents calls `read`, which checks."""
        return self._root / name / file

    def read(self, name: str, file: str) -> bytes:
        """The bytes of one file of a release, after checking its digest."""
        files = self._manifest(name)["files"]
        if file not in files:
            raise ReleaseError(f"release {name} has no file {quote(file)}.{did_you_mean(file, files)}")
        content, problem = self._check_file(name, file, files[file], keep=True)
        if problem:
            raise self._refusal(name, [problem])
        return content

    # -- opening and choosing -----------------------------------------------------------------------------------------

    def open(self, name: str | None = None) -> Scorecard:
        """The scorecard of a release (None: the current one).

        Raises ReleaseError where there is none, where a file is not what was published, or where this version of
        leadledger refuses its card or what was learned; the text says which, and what to do.
        """
        name = self._chosen(name)
        manifest, contents = self._verified(name)
        try:
            # A release from before standard names existed is read without them: none of its points may move.
            standard_names = manifest.get("standard_names") is True
            card = parse_card(contents[CARD].decode("utf-8-sig"), CARD, standard_names=standard_names)
            learned = learned_from_text(contents[LEARNED].decode("utf-8"))
            card = add_choice_flags(card, learned.choices)
            check_learned(card, learned)
        except ScorecardError as error:
            raise self._refusal(name, ["its card can't be read any more:", *map(str, error.problems)]) from error
        except ReleaseError as error:
            raise self._refusal(name, [f"{LEARNED}: {line}" for line in str(error).splitlines()]) from error
        except UnicodeDecodeError as error:
            raise self._refusal(name, [f"{CARD} or {LEARNED} is not UTF-8 text: {error.reason}"]) from None
        return Scorecard(card, learned, release=name)

    def use(self, name: str, *, by: str = "") -> None:
        """Make a release the current one, and note `by` whom. One that `open` refuses is refused, the former stays.

        So is one that exceeds a bound of its card's `fairness` and was not signed off.
        """
        self.open(name)
        fairness = self.show(name)["metrics"].get("fairness")
        if isinstance(fairness, Mapping) and fairness.get("exceeded") and not fairness.get("signed_off"):
            raise ReleaseError(
                f"release {name} exceeds the fairness that its card asks for: {'; '.join(fairness['exceeded'])}.\n"
                'Mend the card, or train again with --sign-off "the reason", which stays in the release'
            )
        self._make_current(name, "chosen", by)

    def journal(self) -> tuple[JournalEntry, ...]:
        """Who made which release current, and when, the oldest first. Raises ReleaseError."""
        try:
            return read_journal(self.home, self.current())
        except OSError as error:
            raise ReleaseError(f"the journal of {self.home} can't be read: {_why(error)}") from error

    def diff(self, old: str, new: str) -> Diff:
        """The changes between two releases, in points."""
        from leadledger.models.releases.diff import compare  # a service that scores never compares

        return compare(self.open(old), self.open(new))

    # -- publishing ---------------------------------------------------------------------------------------------------

    def publish(
        self,
        card_text: str,
        learned: Learned,
        *,
        metrics: Mapping[str, Any],
        provenance: Mapping[str, Any],
        created: datetime,
        files: Mapping[str, bytes | Callable[[str], bytes]] = NO_FILES,
        note: str = "",
        current: bool = True,
        standard_names: bool = True,
        by: str = "",
        after: str = "",
    ) -> str:
        """Keep a card and what was learned for it as a new release, and return its name.

        `card_text` is the text of the card's file; `metrics` and `provenance` are JSON; `files` holds further files by
        name, which the store never reads: the content of each, or what makes it of the name of the release; `created`
        without a time zone is UTC; `standard_names` says whether the standard names of CRMs were read when this was
        learned; the journal notes `by` whom. Raises ScorecardError or ReleaseError for what `open` would refuse;
        nothing is published then. `after` names the release that must be current until then; ReleaseOvertaken says that
        another is. Several processes may publish at once.
        """
        self._expect(after)
        card = parse_card(card_text.removeprefix("\ufeff"), CARD, standard_names=standard_names)
        card = add_choice_flags(card, learned.choices)
        check_learned(card, learned)
        text = learned_to_text(learned)
        if learned_from_text(text) != learned:
            raise ReleaseError("what was learned can't be written without loss; this is a mistake of the training")
        for file in files:
            if not FILE_NAME.fullmatch(file) or file in (*CORE_FILES, MANIFEST):
                raise ReleaseError(f"a release can't have a further file named {quote(file)}")
        created = created.astimezone(UTC) if created.tzinfo else created.replace(tzinfo=UTC)
        core = {
            CARD: card_text.encode(),
            LEARNED: text.encode(),
            METRICS: write_json(METRICS, metrics),
            PROVENANCE: write_json(PROVENANCE, provenance),
        }
        self._make_root()
        name, is_written = "", False
        while not is_written:
            name = self._find_free_name(created.date().isoformat(), name)
            further = {
                file: content if isinstance(content, bytes) else content(name) for file, content in files.items()
            }
            contents = {**core, **further}
            contents[MANIFEST] = make_manifest(
                contents, card=card.name, created=created, note=note, standard_names=standard_names
            )
            is_written = self._write(contents, name)
        if current:
            self._make_current(name, "published", by, note, after)
        return name

    def _make_root(self) -> None:
        try:
            self._root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ReleaseError(f"the release can't be written to {self.home}: {_why(error)}") from error

    def _find_free_name(self, day: str, tried: str) -> str:
        """The next free name of a day; `tried` was taken meanwhile, if it isn't empty."""
        taken = [name.removeprefix(f"{day}-") for name in (*self.names(), tried) if name.startswith(f"{day}-")]
        number = 1 + max((int(suffix) for suffix in taken if suffix.isdecimal()), default=0)
        return f"{day}-{number:03}"

    def _write(self, contents: Mapping[str, bytes], name: str) -> bool:
        """Write the read-only files of a release; False: another process took the name meanwhile."""
        sweep(self._root, r"\.new-[0-9a-f]{16}")
        draft = self._root / f".new-{secrets.token_hex(8)}"
        try:
            draft.mkdir()
            try:
                for file, content in contents.items():
                    write_synced(draft / file, content, mode=0o444)
                sync_folder(draft)
                is_free = self._rename(draft, name)
            except BaseException:
                shutil.rmtree(draft, ignore_errors=True)
                raise
            if not is_free:
                shutil.rmtree(draft, ignore_errors=True)
            sync_folder(self._root)
        except OSError as error:
            raise ReleaseError(f"the release can't be written to {self.home}: {_why(error)}") from error
        return is_free

    def _rename(self, draft: Path, name: str) -> bool:
        """Give a complete release its name; False where that is taken.

        A folder can't be renamed to one that has files in it, so no two processes get the same name.
        https://pubs.opengroup.org/onlinepubs/9799919799/functions/rename.html
        """
        try:
            draft.rename(self._root / name)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise
            return False
        return True

    def _make_current(self, name: str, change: ReleaseChange, by: str, note: str = "", after: str = "") -> None:
        """Replace `current`, and write it into the journal before. Raises ReleaseHomeError, ReleaseOvertaken."""
        try:
            with lock_file(self.home / CURRENT_LOCK, 0o666):
                self._expect(after)
                try:
                    was = self.current() or ""
                except ReleaseError:  # whatever is wrong with the file, it gets mended here
                    was = ""
                at = datetime.now(UTC).isoformat(timespec="milliseconds")
                append_entry(self.home, JournalEntry(at, by, change, name, was, note))
                replace_file(self.home / "current", f"{name}\n".encode())
        except OSError as error:
            raise ReleaseHomeError(f"release {name} is there, but can't be made current: {_why(error)}") from error

    def _expect(self, current: str) -> None:
        if current and self.current() != current:
            raise ReleaseOvertaken(f"release {self.current()} has become the current one, in place of {current}")

    # -- checks -------------------------------------------------------------------------------------------------------

    def _chosen(self, name: str | None) -> str:
        """The name of a release that exists; None: the current one."""
        if name is not None:
            if not _RELEASE_NAME.fullmatch(name):
                rule = "a name has a to z, 0 to 9 and - only, such as 2026-11-24-001"
                raise ReleaseError(f"{quote(name)} is not the name of a release; {rule}")
            names = self.names()
            if name not in names:
                hint = did_you_mean(name, reversed(names)) or f" There is none yet; {HOW_TO_RELEASE}."
                raise ReleaseError(f"there is no release '{name}' in {self.home}.{hint}")
            return name
        current = self.current()
        names = self.names()
        if not names:
            raise ReleaseError(f"there is no release in {self.home} yet; {HOW_TO_RELEASE}")
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
        except ReleaseError:  # the list and `show` help to choose another
            return False

    def _choose(self, but: str = "") -> str:
        others = [name for name in self.names() if name != but]
        if not others:
            return f"there is no other; {HOW_TO_RELEASE}"
        return f"`leadledger releases use {others[-1]}` chooses {'another' if but else 'one'}"

    def _refusal(self, name: str, problems: Iterable[str]) -> ReleaseError:
        lines = "".join(f"\n  {problem}" for problem in problems)
        return ReleaseError(f"release {name} is refused:{lines}\nA release is never edited; {self._choose(name)}")

    def _manifest(self, name: str) -> dict[str, Any]:
        """The manifest of a release, checked against its own digest."""
        name = self._chosen(name)
        try:
            return read_manifest((self._root / name / MANIFEST).read_bytes())
        except OSError as error:
            raise self._refusal(name, [f"{MANIFEST} {_absent(error)}"]) from None
        except ValueError as error:
            raise self._refusal(name, [str(error)]) from None

    def _verified(self, name: str) -> tuple[dict[str, Any], dict[str, bytes]]:
        """The manifest, and the bytes of the files that the store reads; the digest of every file is checked."""
        manifest = self._manifest(name)
        contents, problems = {}, []
        for file, digest in manifest["files"].items():
            contents[file], problem = self._check_file(name, file, digest, keep=file in CORE_FILES)
            problems += [problem] if problem else []
        if problems:
            raise self._refusal(name, problems)
        return manifest, contents

    def _check_file(self, name: str, file: str, digest: str, keep: bool) -> tuple[bytes, str]:
        """The bytes of a file, if they are to be kept, and what is wrong with it (empty: nothing).

        The bytes that are used are the ones that were checked: the file is read once.
        """
        content = b""
        try:
            with (self._root / name / file).open("rb") as stream:
                if keep:
                    content = stream.read()
                    actual = hashlib.sha256(content).hexdigest()
                else:
                    actual = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            return b"", f"{file} {_absent(error)}"
        if actual != digest:
            return b"", f"{file} is not what was published: its SHA-256 is {actual[:12]}…, {digest[:12]}… is recorded"
        return content, ""

    def _info(self, name: str, current: bool) -> ReleaseInfo:
        try:
            manifest = self._manifest(name)
            content, problem = self._check_file(name, METRICS, manifest["files"][METRICS], keep=True)
            if problem:
                raise self._refusal(name, [problem])
            metrics = json.loads(content)
            return ReleaseInfo(
                name,
                current,
                datetime.fromisoformat(manifest["created"]),
                manifest["card"],
                manifest["note"],
                {
                    key: number
                    for key, number in metrics.items()
                    if isinstance(number, int | float) and not isinstance(number, bool)
                },
            )
        except (ReleaseError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            # A manifest may match its digest and still not be ours: the list goes on, whatever is wrong with it.
            return ReleaseInfo(name, current, problem=str(error))


def _sort_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts names by date and number: number 1000 of a day after number 999."""
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in name.split("-"))


def _why(error: OSError) -> str:
    return error.strerror or str(error)


def _absent(error: OSError) -> str:
    return "is missing" if isinstance(error, FileNotFoundError) else f"can't be read: {_why(error)}"
