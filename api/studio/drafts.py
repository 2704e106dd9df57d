"""What is done with drafts, over any way in: begin, read, change, undo, take over a release, discard.

`who` is the name of the key that a request came with; empty: no keys are needed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from leadledger.api.requests.draft_bodies import CaseAcceptance, DraftBeginning, DraftChange, DraftMerge
from leadledger.api.studio.accepted_cases import make_acceptance, read_expected
from leadledger.api.studio.card_blocks import Preference, list_block_changes, merge_cards
from leadledger.api.studio.check import CheckedCard, check_text
from leadledger.api.studio.conflict import DraftConflict, describe_change, word_changes
from leadledger.api.studio.draft_store import CardDraft, DraftEdit
from leadledger.api.studio.studio import Studio, now, run_in_thread
from leadledger.scoring.card_edits.apply import apply_edit
from leadledger.scoring.card_edits.edits import Edit
from leadledger.scoring.errors import CardEditError, DraftError, DraftOvertaken, ReleaseError, ScorecardError, quote

MOST_TRIES = 5  # to put a change together with others that keep coming


async def list_drafts(studio: Studio) -> dict[str, Any]:
    """All drafts, without their texts, as JSON. Raises Refusal (503)."""

    def read() -> list[dict[str, Any]]:
        current, drafts = studio.find_current(), []
        for name in studio.drafts.names():
            first, last = studio.drafts.read_last(name)
            drafts.append(_describe_edits(name, first, last, current))
        return drafts

    return {"drafts": await run_in_thread(read)}


async def begin_draft(studio: Studio, beginning: DraftBeginning, who: str) -> dict[str, Any]:
    """Begin a draft from the card of the current release, or from a text. Returns it as `read_draft` does.

    Raises Refusal: the name is taken, there are too many drafts (409), the home can't be written to (503).
    """

    def begin() -> dict[str, Any]:
        release = studio.find_current()
        text = studio.read_card(release) if beginning.text is None else beginning.text
        what = "began" if beginning.text is None else "began from a text"
        edit = DraftEdit(1, now(), who, what, release, 0)
        return _describe(studio, studio.drafts.begin(beginning.name, text, edit))

    return await run_in_thread(begin)


async def read_draft(studio: Studio, name: str) -> dict[str, Any]:
    """A draft with its text, what the reader makes of that, its history, and what differs from the release, as JSON.

    Raises Refusal (404, 503).
    """
    return await run_in_thread(lambda: _describe(studio, studio.drafts.read(name)))


async def read_text(studio: Studio, name: str, revision: int) -> str:
    """The text of a draft at a revision. Raises Refusal (404, 409, 503)."""
    return await run_in_thread(lambda: studio.drafts.read_text(name, revision))


async def read_served_text(studio: Studio) -> str:
    """The text of the card that is served. Raises Refusal (409)."""
    return await run_in_thread(lambda: studio.read_card(studio.service.loaded.release))


async def change_draft(studio: Studio, name: str, change: DraftChange, who: str) -> dict[str, Any]:
    """Keep another text of a draft, mistakes and all. Returns the draft as `read_draft` does.

    Raises DraftConflict where the draft has changed since the revision that the change names, unless `on_conflict` says
    how to put the two together; Refusal (404, 409, 503).
    """

    def save() -> dict[str, Any]:
        for _ in range(MOST_TRIES):
            draft = studio.drafts.read(name)
            base = _read_seen(studio, draft, change.revision)
            mine = _make_text(base, change)
            text = _put_together(draft, change, (base, mine, draft.text))
            what = change.what or word_changes(list_block_changes(base, mine), "changed the text")
            edit = DraftEdit(0, now(), who, what, draft.release, draft.revision)
            try:
                return _describe(studio, studio.drafts.change(draft, text, edit))
            except DraftOvertaken:
                continue
        raise DraftError(f"the draft {name} keeps changing; try again")

    return await run_in_thread(save)


async def accept_case(studio: Studio, name: str, acceptance: CaseAcceptance, who: str) -> dict[str, Any]:
    """Let a case that fails expect what it is from now on: an edit like any other. Returns the draft.

    Raises DraftConflict, Refusal as `change_draft` does; there is no such case, or it passes (409).
    """

    def find_edits() -> tuple[Edit, ...]:
        draft = studio.drafts.read(name)
        text = _read_seen(studio, draft, acceptance.revision)
        case = next((case for case in check_once(text).cases if case.name == acceptance.case), None)
        if case is None:
            raise DraftError(f"the draft {name} has no case {quote(acceptance.case)}, or can't be read")
        edits = tuple(make_acceptance(case, read_expected(text, case.name)))
        if not edits:
            raise DraftError(f"the case {quote(acceptance.case)} passes already")
        return edits

    edits = await run_in_thread(find_edits)
    change = DraftChange(acceptance.revision, None, edits, f"accepted the case {quote(acceptance.case, 80)}")
    return await change_draft(studio, name, change, who)


async def undo_edit(studio: Studio, name: str, revision: int, who: str) -> dict[str, Any]:
    """Take back the last edit; once more takes back the one before. Returns the draft as `read_draft` does.

    Raises DraftConflict: another is the last one now; Refusal: there is none (409), 404, 503.
    """

    def undo() -> dict[str, Any]:
        draft = studio.drafts.read(name)
        seen = _read_seen(studio, draft, revision)
        if revision != draft.revision:
            raise refuse_overtaken(draft, revision, (seen, seen, draft.text))
        if not draft.last.before:
            raise DraftError(f"the draft {name} has no edit that could be undone")
        former = next(edit for edit in draft.edits if edit.revision == draft.last.before)
        text = studio.drafts.read_text(name, former.revision)
        what = f"undid: {draft.last.what}"
        edit = DraftEdit(0, now(), who, what, former.release, former.before)
        try:
            return _describe(studio, studio.drafts.change(draft, text, edit))
        except DraftOvertaken:
            draft = studio.drafts.read(name)
            raise refuse_overtaken(draft, revision, (seen, seen, draft.text)) from None

    return await run_in_thread(undo)


async def merge_release(studio: Studio, name: str, merge: DraftMerge, who: str) -> dict[str, Any]:
    """Put the edits of a draft together with those of the release that was published since it began.

    Returns the draft as `read_draft` does. Raises DraftConflict where both touched a part of the card and `on_both`
    doesn't choose; Refusal: there is no newer release (409), 404, 503.
    """

    def put_together() -> dict[str, Any]:
        draft = studio.drafts.read(name)
        if merge.revision != draft.revision:
            seen = _read_seen(studio, draft, merge.revision)
            raise refuse_overtaken(draft, merge.revision, (seen, seen, draft.text))
        current = studio.find_current()
        if current == draft.release:
            raise DraftError(f"the draft {name} began from the current release; there is nothing to take over")
        texts = studio.read_card(draft.release), draft.text, studio.read_card(current)
        preference: Preference = None if merge.on_both == "refuse" else merge.on_both
        merged = merge_cards(*texts, preference)
        if merged is None or (merged.both and preference is None):
            raise DraftConflict((), texts, _word_published(studio, current))
        edit = DraftEdit(0, now(), who, f"took over release {current}", current, draft.revision)
        try:
            return _describe(studio, studio.drafts.change(draft, merged.text, edit))
        except DraftOvertaken:
            newest = studio.drafts.read(name)
            raise refuse_overtaken(newest, merge.revision, (draft.text, draft.text, newest.text)) from None

    return await run_in_thread(put_together)


async def discard_draft(studio: Studio, name: str, revision: int) -> dict[str, Any]:
    """Remove a draft for good, if nobody has changed it since a revision. Raises DraftConflict, Refusal (404, 503)."""

    def discard() -> dict[str, Any]:
        try:
            studio.drafts.discard(name, revision)
        except DraftOvertaken:
            draft = studio.drafts.read(name)
            seen = _read_seen(studio, draft, revision)
            raise refuse_overtaken(draft, revision, (seen, seen, draft.text)) from None
        return {"name": name}

    return await run_in_thread(discard)


@lru_cache(16)
def check_once(text: str) -> CheckedCard:
    """What the reader makes of a text; the last ones are kept, since pages ask again and again."""
    return check_text(text)


async def check_draft(text: str) -> dict[str, Any]:
    """What the reader makes of a text that may not be saved yet, as JSON."""
    return await run_in_thread(lambda: check_once(text).to_dict())


# -- revisions ---------------------------------------------------------------------------------------------------------


def _read_seen(studio: Studio, draft: CardDraft, revision: int) -> str:
    """The text that a change began with."""
    return draft.text if revision == draft.revision else studio.drafts.read_text(draft.name, revision)


def _make_text(base: str, change: DraftChange) -> str:
    """The text that a change makes of the one that it began with. Raises DraftError where an edit can't be made."""
    if change.text is not None:
        return change.text
    text = base
    try:
        for edit in change.edits:
            text = apply_edit(text, edit)
    except (CardEditError, ScorecardError) as error:
        raise DraftError(f"the edit can't be made: {error}") from None
    return text


def _put_together(draft: CardDraft, change: DraftChange, texts: tuple[str, str, str]) -> str:
    """The text of a change, put together with what others did since the revision that it saw.

    `texts` are the one that it saw, the one that it makes of that, and the newest.
    """
    if change.revision == draft.revision:
        return texts[1]
    preference: Preference = change.on_conflict if change.on_conflict in ("mine", "theirs") else None
    merged = None if change.on_conflict == "refuse" else merge_cards(*texts, preference)
    if merged is None or (merged.both and preference is None):
        raise refuse_overtaken(draft, change.revision, texts)
    return merged.text


def refuse_overtaken(draft: CardDraft, seen: int, texts: tuple[str, str, str]) -> DraftConflict:
    """The refusal of a change that began with the revision `seen`; `texts` are that one, mine and the newest."""
    since = [edit for edit in draft.edits if edit.revision > seen]
    people = ", ".join(dict.fromkeys(edit.by or "somebody" for edit in since))
    what = f"{people} changed the draft after revision {seen}: it is at revision {draft.revision}"
    return DraftConflict(since, texts, f"{what[:1].upper()}{what[1:]}")


def _word_published(studio: Studio, current: str) -> str:
    entries = [entry for entry in studio.releases.journal() if entry.release == current]
    who = f"{entries[-1].by} published" if entries and entries[-1].by else "somebody published"
    what = f"{who} release {current} since the draft began"
    return f"{what[:1].upper()}{what[1:]}"


# -- answers -----------------------------------------------------------------------------------------------------------


def _describe(studio: Studio, draft: CardDraft) -> dict[str, Any]:
    current = studio.find_current()
    try:
        changes = list_block_changes(studio.read_card(draft.release), draft.text)
    except ReleaseError:  # the release is gone
        changes = None
    return {
        **_describe_edits(draft.name, draft.edits[0], draft.last, current),
        "text": draft.text,
        "changes": [describe_change(change) for change in changes or ()],
        "changes_known": changes is not None,
        "check": check_once(draft.text).to_dict(),
        "edits": [edit.to_dict() for edit in draft.edits],
    }


def _describe_edits(name: str, first: DraftEdit, last: DraftEdit, current: str) -> dict[str, Any]:
    return {
        "name": name,
        "revision": last.revision,
        "release": last.release,
        "current_release": current,
        "is_behind": last.release != current,
        "can_undo": bool(last.before),
        "began_by": first.by,
        "began_at": first.at,
        "changed_by": last.by,
        "changed_at": last.at,
        "changed": last.what,
    }
