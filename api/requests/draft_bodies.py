"""What requests about drafts hold: a text, the revision that it began with, a note; or every mistake in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from leadledger.api.requests.body import read_object
from leadledger.api.requests.json_text import name_kind
from leadledger.api.requests.mistakes import ROOT, Mistakes, shorten
from leadledger.api.requests.parameters import read_count, read_pairs
from leadledger.scoring.card.yaml_shapes import LARGEST_CARD
from leadledger.scoring.card_edits.edits import Edit, read_edit
from leadledger.scoring.errors import CardEditError, did_you_mean

DRAFT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
DRAFT_NAME_RULE = "use a to z, 0 to 9 and -, beginning with a letter or a digit, at most 60 in all"
LONGEST_DRAFT_NOTE = 1000  # characters
LONGEST_CHANGE_REMARK = 300
LARGEST_REVISION = 999_999
MOST_EDITS = 100  # in one change

# What to do where somebody was faster: refuse; put both together, or refuse where both touched a part of the card; or
# put them together, and there let mine or theirs count.
OnConflict: TypeAlias = Literal["refuse", "merge", "mine", "theirs"]
OnBoth: TypeAlias = Literal["refuse", "mine", "theirs"]
TrialKind: TypeAlias = Literal["leads", "history"]


@dataclass(frozen=True, slots=True)
class DraftBeginning:
    """A new draft: its name (empty: the next free one) and its text; None: the card of the current release."""

    name: str
    text: str | None


@dataclass(frozen=True, slots=True)
class DraftChange:
    """Another text of a draft, or edits of its text (`text` is None then), and the revision that they began with.

    `what` says what was changed, if not empty.
    """

    revision: int
    text: str | None = None
    edits: tuple[Edit, ...] = ()
    what: str = ""
    on_conflict: OnConflict = "refuse"


@dataclass(frozen=True, slots=True)
class DraftMerge:
    """The revision of a draft that is to take over a newer release."""

    revision: int
    on_both: OnBoth = "refuse"


@dataclass(frozen=True, slots=True)
class CaseAcceptance:
    """A case of the card that is to expect what it is, and the revision of the draft."""

    revision: int
    case: str


@dataclass(frozen=True, slots=True)
class DraftPublication:
    """The revision of a draft that is to be published, and a note for the history."""

    revision: int
    note: str


def read_beginning(body: Any) -> DraftBeginning:
    """A new draft. Raises Refusal (422)."""
    mistakes = Mistakes()
    members = read_object(body, (), ("name", "text"), '{"name": "new-prices"}', mistakes)
    name = _read_text(members, "name", LONGEST_DRAFT_NOTE, mistakes)
    if name is not None and not DRAFT_NAME.fullmatch(name):
        mistakes.add((*ROOT, "name"), f"can't name a draft: {DRAFT_NAME_RULE}", name)
    text = _read_text(members, "text", LARGEST_CARD, mistakes)
    _refuse(mistakes, "begun")
    return DraftBeginning(name or "", text)


def read_change(body: Any) -> DraftChange:
    """A change of a draft. Raises Refusal (422)."""
    mistakes = Mistakes()
    example = '{"revision": 3, "text": "name: …"}'
    members = read_object(body, ("revision",), ("text", "edits", "what", "on_conflict"), example, mistakes)
    revision = _read_revision(members, mistakes)
    text = _read_text(members, "text", LARGEST_CARD, mistakes)
    edits = _read_edits(members.get("edits", []), mistakes)
    if members and ("text" in members) == ("edits" in members):
        mistakes.add((*ROOT, "text"), "and `edits` exclude each other; send one of the two")
    what = _read_text(members, "what", LONGEST_CHANGE_REMARK, mistakes) or ""
    on_conflict: OnConflict = _read_word(members, "on_conflict", get_args(OnConflict), mistakes)
    _refuse(mistakes, "saved")
    return DraftChange(revision, text, edits, _make_plain(what), on_conflict)


def read_seen_revision(body: Any) -> int:
    """The revision that an undo takes back. Raises Refusal (422)."""
    mistakes = Mistakes()
    revision = _read_revision(read_object(body, ("revision",), (), '{"revision": 3}', mistakes), mistakes)
    _refuse(mistakes, "undone")
    return revision


def read_merge(body: Any) -> DraftMerge:
    """What is to take over a newer release. Raises Refusal (422)."""
    mistakes = Mistakes()
    members = read_object(body, ("revision",), ("on_both",), '{"revision": 3}', mistakes)
    revision = _read_revision(members, mistakes)
    on_both: OnBoth = _read_word(members, "on_both", get_args(OnBoth), mistakes)
    _refuse(mistakes, "merged")
    return DraftMerge(revision, on_both)


def read_acceptance(body: Any) -> CaseAcceptance:
    """The case that is to be accepted. Raises Refusal (422)."""
    mistakes = Mistakes()
    members = read_object(body, ("revision", "case"), (), '{"revision": 3, "case": "a CEO"}', mistakes)
    revision = _read_revision(members, mistakes)
    case = _read_text(members, "case", LONGEST_DRAFT_NOTE, mistakes) or ""
    _refuse(mistakes, "accepted")
    return CaseAcceptance(revision, case)


def read_publication(body: Any) -> DraftPublication:
    """What is to be published. Raises Refusal (422)."""
    mistakes = Mistakes()
    example = '{"revision": 3, "note": "CEOs earn points"}'
    members = read_object(body, ("revision", "note"), (), example, mistakes)
    revision = _read_revision(members, mistakes)
    note = _read_text(members, "note", LONGEST_DRAFT_NOTE, mistakes) or ""
    if "note" in members and not _make_plain(note) and not mistakes:
        mistakes.add((*ROOT, "note"), "is empty; say in a sentence what is new")
    _refuse(mistakes, "published")
    return DraftPublication(revision, _make_plain(note))


def read_revision_parameter(query: bytes) -> int:
    """The revision that a parameter names. Raises Refusal (422)."""
    mistakes = Mistakes()
    pairs = list(read_pairs(query, ("revision",), mistakes))
    if len(pairs) != 1:
        mistakes.add(("?revision",), "is to be given once: the number of the revision that you saw")
    revision = read_count("?revision", pairs[0][1], 1, LARGEST_REVISION, mistakes) if len(pairs) == 1 else None
    _refuse(mistakes, "discarded")
    return revision or 1


def read_card_text(body: Any) -> str:
    """A text that is to be checked. Raises Refusal (422)."""
    mistakes = Mistakes()
    members = read_object(body, ("text",), (), '{"text": "name: …"}', mistakes)
    text = _read_text(members, "text", LARGEST_CARD, mistakes) or ""
    _refuse(mistakes, "checked")
    return text


def read_preview(body: Any) -> str | None:
    """The text of a preview; None: that of the draft as it is. Raises Refusal (422)."""
    mistakes = Mistakes()
    members = read_object(body, (), ("text",), '{"text": "name: …"}', mistakes)
    text = _read_text(members, "text", LARGEST_CARD, mistakes)
    _refuse(mistakes, "tried")
    return text


def read_trial(body: Any) -> TrialKind:
    """What a draft is to be tried on. Raises Refusal (422)."""
    mistakes = Mistakes()
    members = read_object(body, ("on",), (), '{"on": "leads"}', mistakes)
    kind: TrialKind = _read_word(members, "on", get_args(TrialKind), mistakes)
    _refuse(mistakes, "tried")
    return kind


def _read_edits(listed: Any, mistakes: Mistakes) -> tuple[Edit, ...]:
    if not isinstance(listed, list):
        mistakes.add((*ROOT, "edits"), f"is {name_kind(listed)}; send a list of edits")
        return ()
    if len(listed) > MOST_EDITS:
        mistakes.add((*ROOT, "edits"), f"holds {len(listed):,} edits; send at most {MOST_EDITS} at once")
        return ()
    edits = []
    for place, edit in enumerate(listed):
        try:
            edits.append(read_edit(edit))
        except CardEditError as error:
            mistakes.add((*ROOT, "edits", place), str(error))
    return tuple(edits)


def _refuse(mistakes: Mistakes, done: str) -> None:
    if mistakes:
        raise mistakes.to_refusal(done)


def _read_revision(members: Mapping[str, Any], mistakes: Mistakes) -> int:
    number = members.get("revision", 1)
    if type(number) is int and 1 <= number <= LARGEST_REVISION:
        return number
    mistakes.add((*ROOT, "revision"), f"is not a whole number from 1 to {LARGEST_REVISION}", number)
    return 1


def _make_plain(text: str) -> str:
    """A remark on one line, which terminals print as well: without escapes, controls and marks of direction."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _read_text(members: Mapping[str, Any], name: str, most: int, mistakes: Mistakes) -> str | None:
    text = members.get(name)
    if name not in members:
        return None
    if not isinstance(text, str):
        mistakes.add((*ROOT, name), f"is {name_kind(text)}; send a text")
    elif len(text) > most:
        mistakes.add((*ROOT, name), f"has {len(text):,} characters; at most {most:,} are taken")
    elif any("\ud800" <= sign <= "\udfff" for sign in text):
        mistakes.add((*ROOT, name), "has halves of characters (lone surrogates), which no file can hold")
    else:
        return text
    return None


def _read_word(members: Mapping[str, Any], name: str, words: tuple[str, ...], mistakes: Mistakes) -> Any:
    """One of some words, the first where it is left out."""
    word = members.get(name, words[0])
    if word in words:
        return word
    guess = did_you_mean(shorten(word), words) if isinstance(word, str) else f" Use one of: {', '.join(words)}."
    mistakes.add((*ROOT, name), f"is none of the words that it may be.{guess}", word)
    return words[0]
