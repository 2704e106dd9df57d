"""Drafts of the card, kept in the home: each with all of its revisions, and who made them when.

    home/drafts/new-prices/000001.yaml    a revision: a line with what is known of it, then the card's text

A revision never changes. The next one is created under the next number, whole and synced, and of two who create it at
once one succeeds: so nothing is overwritten, whoever is killed when, on however many workers.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from leadledger.api.requests.draft_bodies import DRAFT_NAME, DRAFT_NAME_RULE
from leadledger.models.durable_files import create_file, sweep, sync_folder
from leadledger.scoring.errors import (
    DraftError,
    DraftHomeError,
    DraftOvertaken,
    UnknownDraft,
    did_you_mean,
    quote,
)

MOST_DRAFTS = 200  # in a home
MOST_REVISIONS = 999_999
LONGEST_REMARK = 300  # characters of what a change says of itself

_FOLDER = re.compile(rf"{DRAFT_NAME.pattern}|\.gone-[0-9a-f]{{16}}")
_REVISION_FILE = re.compile(r"([0-9]{6})\.yaml")
_HEAD = b"# "  # a revision is a card that anybody can open


@dataclass(frozen=True)
class DraftEdit:
    """A revision of a draft: `by` whom (the name of a key; empty: no keys are needed) and `at` which time (UTC).

    `what` is a sentence on it. `release` is the one that the text goes back to, and `before` the revision that undoing
    it brings back; 0: there is none.
    """

    revision: int
    at: str
    by: str
    what: str
    release: str
    before: int

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {"revision": self.revision, "at": self.at, "by": self.by, "what": self.what, "release": self.release}


@dataclass(frozen=True)
class CardDraft:
    """A draft as its newest revision has it; `edits` are all revisions, the oldest first."""

    name: str
    text: str
    edits: tuple[DraftEdit, ...]

    @property
    def last(self) -> DraftEdit:
        """Its newest revision."""
        return self.edits[-1]

    @property
    def revision(self) -> int:
        """The number of its newest revision."""
        return self.last.revision

    @property
    def release(self) -> str:
        """The release that its text goes back to; empty: a card alone."""
        return self.last.release


class DraftStore:
    """The drafts of one home. Names come from outside: no name leads out of the folder."""

    def __init__(self, home: Path) -> None:
        self._root = home / "drafts"

    def names(self) -> tuple[str, ...]:
        """The names of all drafts. Raises DraftError."""
        try:
            with os.scandir(self._root) as entries:
                names = [entry.name for entry in entries if DRAFT_NAME.fullmatch(entry.name) and entry.is_dir()]
        except FileNotFoundError:
            return ()
        except OSError as error:
            why = error.strerror or error
            raise DraftHomeError(
                f"the drafts can't be listed: {self._root} can't be read ({why}); let it be a folder that the service"
                " may read and write"
            ) from None
        return tuple(sorted(name for name in names if self._list_revisions(name)))

    def read(self, name: str) -> CardDraft:
        """A draft. Raises DraftError where there is none of this name, or it can't be read."""
        numbers = self._list_revisions(name)
        if not numbers:
            raise self._refuse_unknown(name)
        edits = tuple(self._read_edit(name, number) for number in numbers)
        return CardDraft(name, self.read_text(name, numbers[-1]), edits)

    def read_last(self, name: str) -> tuple[DraftEdit, DraftEdit]:
        """The first and the last revision of a draft. Raises DraftError."""
        numbers = self._list_revisions(name)
        if not numbers:
            raise self._refuse_unknown(name)
        return self._read_edit(name, numbers[0]), self._read_edit(name, numbers[-1])

    def read_text(self, name: str, revision: int) -> str:
        """The text of the card at a revision. Raises DraftError."""
        if revision not in self._list_revisions(name):
            raise DraftError(f"the draft {name} has no revision {revision}")
        return self._read_revision(name, revision)[1]

    def begin(self, name: str, text: str, edit: DraftEdit) -> CardDraft:
        """Keep a new draft; an empty `name` gets the next free one of `draft-1`, `draft-2` … Raises DraftError.

        The revision and the name of `edit` are set here.
        """
        if name and not DRAFT_NAME.fullmatch(name):
            raise DraftError(f"{quote(name)} can't name a draft: {DRAFT_NAME_RULE}")
        names = self.names()
        if len(names) >= MOST_DRAFTS:
            raise DraftError(f"there are {len(names):,} drafts already; discard those that nobody needs")
        number = 0
        while True:
            number += 1
            chosen = name or f"draft-{number}"
            try:
                (self._root / chosen).mkdir(parents=True, exist_ok=True)
                sync_folder(self._root)
            except OSError as error:
                raise _cannot_keep(error) from None
            try:
                return self._create(chosen, text, (), edit)
            except DraftOvertaken:
                if name:
                    raise DraftError(
                        f"there is a draft {name} already; choose another name, or change that one"
                    ) from None

    def change(self, draft: CardDraft, text: str, edit: DraftEdit) -> CardDraft:
        """Keep another revision of a draft. Raises DraftOvertaken: it isn't the newest any more; DraftError."""
        if draft.revision >= MOST_REVISIONS:
            raise DraftError(f"the draft {draft.name} has {draft.revision:,} revisions; begin another one")
        return self._create(draft.name, text, draft.edits, edit)

    def discard(self, name: str, revision: int) -> None:
        """Remove a draft whose newest revision is known. Raises DraftOvertaken: there is a newer one; DraftError."""
        revisions = self._list_revisions(name)
        if not revisions:
            raise self._refuse_unknown(name)
        if revisions[-1] != revision:
            raise DraftOvertaken(f"the draft {name} was changed meanwhile")
        sweep(self._root, r"\.gone-[0-9a-f]{16}")
        gone = f".gone-{secrets.token_hex(8)}"
        try:
            (self._root / name).rename(self._root / gone)  # it is gone as a whole, also if nothing else can be done
            if self._list_revisions(gone)[-1] != revision:
                (self._root / gone).rename(self._root / name)
                raise DraftOvertaken(f"the draft {name} was changed meanwhile")
            sync_folder(self._root)
        except FileNotFoundError:
            raise self._refuse_unknown(name) from None
        except OSError as error:
            raise DraftHomeError(f"the draft {name} can't be removed: {error.strerror or error}") from None
        shutil.rmtree(self._root / gone, ignore_errors=True)

    def folder(self, name: str) -> Path:
        """The folder of a draft, where what was worked out about it is kept, too. Raises DraftError."""
        if not self._list_revisions(name):
            raise self._refuse_unknown(name)
        return self._root / name

    def _create(self, name: str, text: str, edits: tuple[DraftEdit, ...], edit: DraftEdit) -> CardDraft:
        number = edits[-1].revision + 1 if edits else 1
        kept = replace(edit, revision=number, what=edit.what[:LONGEST_REMARK])
        known = {key: value for key, value in asdict(kept).items() if key != "revision"}
        try:
            content = b"".join([_HEAD, json.dumps(known).encode(), b"\n", text.encode()])
        except UnicodeEncodeError:
            raise DraftError("the text has halves of characters (lone surrogates), which no file can hold") from None
        try:
            create_file(self._root / name / f"{number:06}.yaml", content)
        except FileExistsError:
            raise DraftOvertaken(f"the draft {name} was changed meanwhile") from None
        except FileNotFoundError:
            raise UnknownDraft(f"the draft {name} was discarded meanwhile") from None
        except OSError as error:
            raise _cannot_keep(error) from None
        return CardDraft(name, text, (*edits, kept))

    def _list_revisions(self, name: str) -> list[int]:
        """The numbers of the revisions of a draft; none where there is no such draft."""
        if not _FOLDER.fullmatch(name):
            return []
        try:
            with os.scandir(self._root / name) as entries:
                matches = [_REVISION_FILE.fullmatch(entry.name) for entry in entries]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise DraftHomeError(f"the draft {name} can't be read: {error.strerror or error}") from None
        return sorted(int(match[1]) for match in matches if match)

    def _read_edit(self, name: str, revision: int) -> DraftEdit:
        return self._read_revision(name, revision, most=1)[0]

    def _read_revision(self, name: str, revision: int, most: int = -1) -> tuple[DraftEdit, str]:
        """A revision, and its text; with `most` lines, without the rest of the text."""
        try:
            with (self._root / name / f"{revision:06}.yaml").open("rb") as stream:
                head = stream.readline()
                body = stream.read() if most < 0 else b""
            known = json.loads(head.removeprefix(_HEAD))
            at, by, what, release = (str(known[key]) for key in ("at", "by", "what", "release"))
            return DraftEdit(revision, at, by, what, release, int(known["before"])), body.decode()
        except FileNotFoundError:
            raise self._refuse_unknown(name) from None
        except OSError as error:
            raise DraftHomeError(f"the draft {name} can't be read: {error.strerror or error}") from None
        except (ValueError, KeyError, TypeError, RecursionError):
            raise DraftHomeError(f"revision {revision} of the draft {name} is damaged; discard the draft") from None

    def _refuse_unknown(self, name: str) -> UnknownDraft:
        if not DRAFT_NAME.fullmatch(name):
            return UnknownDraft("there is no draft of this name")
        others = did_you_mean(name, self.names()).replace(" Use one of: ", " The drafts are: ")
        return UnknownDraft(f"there is no draft {quote(name)}.{others}".removesuffix("."))


def _cannot_keep(error: OSError) -> DraftHomeError:
    return DraftHomeError(f"the draft can't be kept: {error.strerror or error}")
