"""The shapes of drafts: what requests about them hold, and the answers."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from leadledger.api.openapi.base_shape import Shape
from leadledger.api.requests.draft_bodies import (
    LARGEST_REVISION,
    LONGEST_CHANGE_REMARK,
    LONGEST_DRAFT_NOTE,
    MOST_EDITS,
    OnBoth,
    OnConflict,
    TrialKind,
)
from leadledger.models.releases.journal import ReleaseChange
from leadledger.scoring.card.yaml_shapes import LARGEST_CARD

_REVISION = Field(
    description="The number of the revision that you saw: where another is the newest, nothing is overwritten.",
    ge=1,
    le=LARGEST_REVISION,
)
_TEXT = Field(description="The whole text of the card, mistakes and all.", max_length=LARGEST_CARD)


class DraftBeginningShape(Shape):
    """A new draft."""

    name: str = Field(
        description="Its name; the next free one of `draft-1`, `draft-2` … if left out.",
        pattern="^[a-z0-9][a-z0-9-]{0,59}$",
    )
    text: str = Field(description="The card's text; that of the current release if left out.", max_length=LARGEST_CARD)


class DraftChangeShape(Shape):
    """Another text of a draft, or edits of its text: one of the two."""

    revision: int = _REVISION
    text: str = _TEXT
    edits: list[dict[str, str]] = Field(
        description="Edits that are made one after another; each changes only what it must, so comments and order stay."
        ' `kind` says which: `{"kind": "put_rule", "name": "ceo", "keys": {"when": "…", "points": 20}}`, `delete_rule`,'
        " `move_rule` (`after`), the same for field, criterion, exclusion, group, event, stage and case, and"
        ' `{"kind": "set_value", "path": ["stages", "lead", "points"], "value": 60}`.',
        max_length=MOST_EDITS,
    )
    what: str = Field(
        description="What was changed, in a sentence; worked out if left out.", max_length=LONGEST_CHANGE_REMARK
    )
    on_conflict: OnConflict = Field(
        description="What to do where somebody was faster: `refuse` (409, with what the other did); `merge`, put both"
        " together, and refuse only where both touched one rule, field or other part; or put them together, and where"
        " both touched a part, let `mine` or `theirs` count. Default: `refuse`."
    )


class DraftUndoShape(Shape):
    """The edit that is to be taken back."""

    revision: int = _REVISION


class DraftMergeShape(Shape):
    """A draft that is to take over the release that was published since it began."""

    revision: int = _REVISION
    on_both: OnBoth = Field(
        description="Whose text counts where both touched a rule, field or other part; default: `refuse`."
    )


class CaseAcceptanceShape(Shape):
    """A case that fails, and that is to expect what it is."""

    revision: int = _REVISION
    case: str = Field(description="The name of the case.", max_length=LONGEST_DRAFT_NOTE)


class DraftPublicationShape(Shape):
    """A draft that is to become the current release."""

    revision: int = _REVISION
    note: str = Field(description="What is new, for the history.", min_length=1, max_length=LONGEST_DRAFT_NOTE)


class CardTextShape(Shape):
    """A card's text that is to be checked."""

    text: str = _TEXT


class PreviewRequestShape(Shape):
    """What is to be tried."""

    text: str = Field(
        description="A text that is not saved yet; that of the draft if left out.", max_length=LARGEST_CARD
    )


class TrialRequestShape(Shape):
    """What a draft is to be tried on."""

    on: TrialKind = Field(description="`leads`: all known leads; `history`: past leads with a known outcome.")


class CardMistakeShape(Shape):
    """A mistake in a card's text."""

    line: int = Field(ge=1)
    column: int = Field(ge=1)
    text: str


class CardHintShape(Shape):
    """A hint about a card that can be read."""

    line: int = Field(ge=0, description="0: the card as a whole.")
    text: str


class CaseOutputShape(Shape):
    """What a case expects of an output, and what that is."""

    key: str = Field(description="The output, such as `points`; `fires` and `not_fires` have one for each rule.")
    expected: str
    is_: str = Field(alias="is")
    passes: bool
    text: str = Field(description="How the two differ; else empty.")


class TriedCaseShape(Shape):
    """A case of the card as it went."""

    name: str
    line: int = Field(ge=1)
    passes: bool
    points: float
    outputs: list[CaseOutputShape]


class CheckedCardShape(Shape):
    """What the reader makes of a card's text."""

    readable: bool = Field(description="Whether it has no mistake; without that there are no hints and no cases.")
    card: str = Field(description="Its name; empty: it can't be read.")
    title: str
    rules: int = Field(ge=0)
    mistakes: list[CardMistakeShape]
    hints: list[CardHintShape]
    cases: list[TriedCaseShape]
    passed: int = Field(ge=0)
    failed: int = Field(ge=0)


class DraftSummaryShape(Shape):
    """A draft without its text."""

    name: str
    revision: int = Field(ge=1)
    release: str = Field(description="The release that its text goes back to; empty: a card alone.")
    current_release: str
    is_behind: bool = Field(description="Whether another release was published since: take it over before publishing.")
    can_undo: bool
    began_by: str = Field(description="The name of a key; empty: no keys are needed.")
    began_at: datetime
    changed_by: str
    changed_at: datetime
    changed: str = Field(description="What the last edit was.")


class DraftsShape(Shape):
    """All drafts."""

    drafts: list[DraftSummaryShape]


class DraftEditShape(Shape):
    """A revision of a draft: who made it when."""

    revision: int = Field(ge=1)
    at: datetime
    by: str
    what: str
    release: str


class CardChangeShape(Shape):
    """A rule, field or other part of a card that differs."""

    section: str
    name: str = Field(description="Empty: the section itself.")
    what: Literal["added", "removed", "changed"] = Field(title="Card Change Kind")


class DraftShape(DraftSummaryShape):
    """A draft, what the reader makes of it, and its history."""

    text: str
    changes: list[CardChangeShape] = Field(description="The parts that differ from its release.")
    changes_known: bool = Field(description="False where the text is no YAML, or the release is gone.")
    check: CheckedCardShape
    edits: list[DraftEditShape] = Field(description="All revisions, the oldest first.")


class DiscardedDraftShape(Shape):
    """A draft that is gone."""

    name: str


class TextLineShape(Shape):
    """A line of the difference of two texts."""

    sign: Literal["+", "-", " ", "@"] = Field(
        title="Line Sign", description="`@`: so many lines that are alike are left out here as `text` says."
    )
    old: int = Field(ge=0, description="Its number in the release; 0: it isn't there.")
    new: int = Field(ge=0, description="Its number in the draft; 0: it isn't there.")
    text: str


class ObstacleShape(Shape):
    """What stands against publishing a draft."""

    kind: Literal["mistake", "case", "learned", "behind", "name", "same", "service"] = Field(title="Obstacle Kind")
    line: int = Field(ge=0, description="0: no line of the text.")
    text: str


class DraftComparisonShape(Shape):
    """A draft against the current release."""

    name: str
    revision: int = Field(ge=1)
    release: str
    is_behind: bool
    changes: list[CardChangeShape]
    lines: list[TextLineShape]
    added: int = Field(ge=0)
    removed: int = Field(ge=0)
    obstacles: list[ObstacleShape] = Field(description="Publishing is refused while there is one.")
    notes: list[str]


class PublishedDraftShape(Shape):
    """A draft that has become the current release."""

    release: str
    was: str
    note: str
    notes: list[str]


class ReleaseChangeShape(Shape):
    """A change of the current release."""

    at: datetime
    by: str = Field(description="The name of a key; empty: on the command line, or no keys are needed.")
    change: ReleaseChange
    release: str
    was: str
    note: str
    happened: bool = Field(description="False where the process was killed before the change.")


class ReleaseChangesShape(Shape):
    """Who made which release current, the newest first."""

    current: str
    changes: list[ReleaseChangeShape]


CARD_EDIT = {
    "type": "object",
    "description": "An edit of the card's text.",
    "properties": {
        "kind": {"type": "string", "description": "What it does: `put_rule`, `delete_field`, `set_value` …"}
    },
    "required": ["kind"],
    "additionalProperties": {},
}
DRAFT_BODIES = (
    DraftBeginningShape,
    DraftChangeShape,
    DraftUndoShape,
    DraftMergeShape,
    CaseAcceptanceShape,
    DraftPublicationShape,
    CardTextShape,
    PreviewRequestShape,
    TrialRequestShape,
    CheckedCardShape,
    DraftsShape,
    DraftShape,
    DiscardedDraftShape,
    DraftComparisonShape,
    PublishedDraftShape,
    ReleaseChangesShape,
)
REQUIRED = {  # members of requests; the others may be left out
    "ShadowNaming": [],
    "DraftBeginning": [],
    "DraftChange": ["revision"],
    "DraftMerge": ["revision"],
    "PreviewRequest": [],
}
