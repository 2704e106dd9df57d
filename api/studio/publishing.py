"""From a draft to a release: what differs, what stands against it, publishing, and who did what when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from leadledger.api.requests.draft_bodies import DraftPublication
from leadledger.api.requests.mistakes import ROOT, Mistake, Refusal
from leadledger.api.studio.card_blocks import list_block_changes
from leadledger.api.studio.check import CheckedCard
from leadledger.api.studio.conflict import describe_change
from leadledger.api.studio.draft_store import CardDraft
from leadledger.api.studio.drafts import check_once, refuse_overtaken
from leadledger.api.studio.previews import OTHER_CARD
from leadledger.api.studio.studio import Studio, run_in_thread
from leadledger.api.studio.text_difference import compare_texts
from leadledger.models.releases.edited_rules import MEASURED_BEFORE, carry_learning, has_learned, publish_edited
from leadledger.scoring.errors import DraftError, ReleaseError
from leadledger.scoring.scorecard import Scorecard

MOST_OBSTACLES = 100

_SIGNS = {"added": "+", "removed": "-", "same": " ", "skipped": "@"}


@dataclass(frozen=True)
class Obstacle:
    """What stands against publishing a draft: its kind, the line that it is about (0: none), and how to mend it."""

    kind: str
    line: int
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return dict(self.__dict__)


async def compare_draft(studio: Studio, name: str) -> dict[str, Any]:
    """A draft against the current release: the lines that differ, and what stands against publishing, as JSON.

    Raises Refusal (404, 409, 503).
    """

    def compare() -> dict[str, Any]:
        draft, current = studio.drafts.read(name), studio.find_current()
        text = studio.read_card(current)
        lines = list_text_changes(text, draft.text)
        base = studio.releases.open(current) if current else studio.service.loaded.card
        obstacles, notes = _examine(studio, draft, base)
        return {
            "name": name,
            "revision": draft.revision,
            "release": current,
            "is_behind": draft.release != current,
            "changes": [describe_change(change) for change in list_block_changes(text, draft.text) or ()],
            "lines": lines,
            "added": sum(line["sign"] == "+" for line in lines),
            "removed": sum(line["sign"] == "-" for line in lines),
            "obstacles": [obstacle.to_dict() for obstacle in obstacles],
            "notes": notes,
        }

    return await run_in_thread(compare)


def list_text_changes(old: str, new: str) -> list[dict[str, Any]]:
    """The lines in which two texts differ, with some around them: as of a unified diff, each with its numbers.

    `sign` is `+`, `-`, a blank, or `@` where lines that are alike are left out (`text` says how many). A number is 0
    where the line isn't in that text.
    """
    return [
        {"sign": _SIGNS[line.change], "old": line.old, "new": line.new, "text": str(line.alike or line.text)}
        for line in compare_texts(old, new).lines
    ]


async def publish_draft(studio: Studio, name: str, publication: DraftPublication, who: str) -> dict[str, Any]:
    """Make a draft the current release, with what that has learned, and serve it. The draft ends; its edits are kept.

    Raises DraftConflict: it was changed meanwhile; Refusal (409): something stands against it, each with its line; 404,
    503.
    """
    released = await run_in_thread(lambda: _publish(studio, name, publication, who))
    try:
        await studio.service.follow()
    except ReleaseError as error:
        served = studio.service.loaded.release
        raise Refusal(409, f"It is published, and can't be served; {served} is served on: {error}.") from None
    return released


def _publish(studio: Studio, name: str, publication: DraftPublication, who: str) -> dict[str, Any]:
    draft = studio.drafts.read(name)
    if publication.revision != draft.revision:
        seen = studio.drafts.read_text(name, publication.revision)
        raise refuse_overtaken(draft, publication.revision, (seen, seen, draft.text))
    base = studio.releases.open(draft.release) if draft.release else studio.service.loaded.card
    obstacles, notes = _examine(studio, draft, base)
    if obstacles:
        listed = tuple(Mistake((*ROOT, "text"), obstacle.text) for obstacle in obstacles)
        raise Refusal(409, f"The draft {name} can't be published: {obstacles[0].text}", listed)
    release = publish_edited(
        studio.releases,
        draft.text,
        base,
        by=who,
        note=publication.note,
        created=datetime.now(UTC),
        edits=[edit.to_dict() for edit in draft.edits],
    )
    with suppress(DraftError):  # somebody goes on with it, or the home fails: the release is there all the same
        studio.drafts.discard(name, draft.revision)
    return {"release": release, "was": draft.release, "note": publication.note, "notes": notes}


def _examine(studio: Studio, draft: CardDraft, base: Scorecard) -> tuple[list[Obstacle], list[str]]:
    """What stands against publishing a draft after a release, and what is to be known of it."""
    checked = check_once(draft.text)
    obstacles = [*_find_obstacles(studio, draft, checked, base)]
    notes = []
    if checked.card is not None and not obstacles:
        try:
            notes = [f"{note}." for note in carry_learning(base, checked.card).notes]
        except ReleaseError as error:
            obstacles.append(Obstacle("learned", 0, str(error)))
    if has_learned(base):
        measured = base.release
        if base.release:
            measured = studio.releases.show(base.release)["provenance"].get("measured_with") or base.release
        notes.append(MEASURED_BEFORE.format(release=measured))
    return obstacles[:MOST_OBSTACLES], notes


def _find_obstacles(studio: Studio, draft: CardDraft, checked: CheckedCard, base: Scorecard) -> Iterator[Obstacle]:
    if not studio.service.follows:
        yield Obstacle("service", 0, "This service was started to serve one card or release, whatever is current.")
        return
    current = studio.find_current()
    if draft.release != current:
        yield Obstacle("behind", 0, f"Release {current} was published since the draft began; take it over first.")
    for mistake in checked.mistakes:
        yield Obstacle("mistake", mistake.line, f"Line {mistake.line}: {mistake.text}.".replace("..", "."))
    for case in checked.failed:
        texts = "; ".join(output.text for output in case.outputs if output.text)
        yield Obstacle("case", case.line, f"Line {case.line}: the case '{case.name}' fails: {texts}.")
    if checked.card is not None and checked.card.name != base.card.name:
        yield Obstacle("name", 0, f"{OTHER_CARD.format(draft=checked.card.name, current=base.card.name)}.".capitalize())
    if draft.text == studio.read_card(current):
        yield Obstacle("same", 0, "The draft is the same as the current release.")


async def list_changes(studio: Studio) -> dict[str, Any]:
    """Which release became the current one when, by whom, the newest first, as JSON. Raises Refusal (409, 503)."""

    def read() -> dict[str, Any]:
        entries = studio.releases.journal()
        return {"current": studio.find_current(), "changes": [entry.to_dict() for entry in reversed(entries)]}

    return await run_in_thread(read)
