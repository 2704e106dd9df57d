"""Two people at one draft: what the other did, and what both have touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leadledger.api.requests.mistakes import ROOT, Mistake, Refusal
from leadledger.api.studio.card_blocks import BlockChange, BlockKey, list_block_changes, merge_cards, split_card
from leadledger.api.studio.draft_store import DraftEdit

MOST_LISTED = 20  # edits of the other, and blocks that both touched, in a refusal


@dataclass(frozen=True)
class TouchedByBoth:
    """A rule, field or other part of the card that both have changed: its text before, theirs and mine; empty: none."""

    key: BlockKey
    before: str
    theirs: str
    mine: str

    def to_dict(self) -> dict[str, str]:
        """Flat JSON."""
        return {
            **{"section": self.key.section, "name": self.key.name},
            **{"before": self.before, "theirs": self.theirs, "mine": self.mine},
        }


class DraftConflict(Refusal):
    """A change is refused (409) because somebody was faster; nothing of either is overwritten.

    `edits` are those of the others since the text that the change began with. `mine` and `theirs` are what each
    changed, `both` what both did. `can_merge`: the two can be put together without choosing between them; None of it is
    known where one of the texts is no YAML: `is_readable` is False then.
    """

    def __init__(self, edits: Sequence[DraftEdit], texts: tuple[str, str, str], what: str) -> None:
        base, mine, theirs = texts
        self.edits = tuple(edits)
        merged = merge_cards(base, mine, theirs)
        self.is_readable = merged is not None
        self.mine = list_block_changes(base, mine) or ()
        self.theirs = list_block_changes(base, theirs) or ()
        self.both = () if merged is None else tuple(_find_texts(key, texts) for key in merged.both)
        self.can_merge = merged is not None and not merged.both
        super().__init__(409, self._word(what), tuple(self._list_mistakes()))

    def to_dict(self) -> dict[str, Any]:
        """JSON for pages: what the refusal says, in parts."""
        return {
            "detail": self.detail,
            "edits": [edit.to_dict() for edit in self.edits],
            "mine": [describe_change(change) for change in self.mine],
            "theirs": [describe_change(change) for change in self.theirs],
            "both": [touched.to_dict() for touched in self.both],
            "can_merge": self.can_merge,
        }

    def _word(self, what: str) -> str:
        if not self.is_readable:
            how = "One of the two texts is no YAML that can be put together with the other"
        elif self.both:
            how = f"Both touched: {', '.join(touched.key.words for touched in self.both[:MOST_LISTED])}"
        else:
            how = 'You touched different parts: send it again with "on_conflict": "merge"'
        return f"{what}; nothing was overwritten. {how}."

    def _list_mistakes(self) -> list[Mistake]:
        mistakes = [
            Mistake(
                (*ROOT, "revision"), f"revision {edit.revision} is of {edit.by or 'somebody'}, {edit.at}: {edit.what}"
            )
            for edit in self.edits[-MOST_LISTED:]
        ]
        return mistakes + [
            Mistake((*ROOT, "text"), f"both changed {touched.key.words}") for touched in self.both[:MOST_LISTED]
        ]


def describe_change(change: BlockChange) -> dict[str, str]:
    """A change of a part of a card, as flat JSON."""
    return {"section": change.key.section, "name": change.key.name, "what": change.what}


def word_changes(changes: Sequence[BlockChange] | None, default: str) -> str:
    """Changes in one line, the first five by name."""
    if not changes:
        return default
    more = f" and {len(changes) - 5} more" if len(changes) > 5 else ""
    return ", ".join(change.words for change in changes[:5]) + more


def _find_texts(key: BlockKey, texts: tuple[str, str, str]) -> TouchedByBoth:
    base, mine, theirs = ({block.key: block.text for block in split_card(text) or ()}.get(key, "") for text in texts)
    return TouchedByBoth(key, base, theirs, mine)
