"""The family of errors, whole: whatever a room raises for its callers is declared here.

ScoringError
├── ScorecardError      a card is refused; holds every problem, in file order
├── ConditionError      a condition is refused (the reader turns it into a problem of the card)
│   └── UnknownField    ... because it asks a field that isn't there
├── CardEditError       the text of a card can't be edited in this way
├── LeadError           a lead is refused; holds every problem with the path of its value
├── UnreadableValue     one raw value is refused; also a ValueError
├── PrinterError        a printer lacks what the card asks of it
├── DataError           a file of leads or a history is refused
│   ├── LeakageError    ... because fields of it know the outcome; holds each with its proof
│   ├── MissingFields   ... because it lacks columns that the card uses
│   └── DoubtfulHistory ... because what would be left out of it changes the result
├── CompileError        a classifier can't be written as tables; also a ValueError
├── ReleaseError        a release is refused, or does not exist
│   ├── ReleaseHomeError    ... because the home can't be written to
│   └── ReleaseOvertaken    ... because another one has become the current one meanwhile
├── KeyFileError        the file of API keys can't be read or changed
├── DraftError          a draft of a card is refused
│   ├── UnknownDraft        ... because there is none of this name
│   ├── DraftOvertaken      ... because somebody else has changed it meanwhile
│   └── DraftHomeError      ... because the home can't be read or written to
├── HookError           a subscription to hooks is refused, or the address that it names
├── SyncError           a CRM can't be reached, refuses us, or answers what its documents don't say
└── Unrecorded          the decision log can't take a record

The facts are attributes; the sentence is built from them in one place. Every sentence says what, where and how to mend.
(`api.requests.mistakes.Refusal` is no error of ours but the answer to a request, with an HTTP status.)
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_NAMES_COMPARED = (
    1000  # names that are compared with a misspelt one; beyond, a hint would take longer than it is worth
)


class ScoringError(Exception):
    """The base of all errors whose cause lies outside the program: show the text to the user, without a traceback."""


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a card. `line` and `column` count from 1."""

    file: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.text}"


class ScorecardError(ScoringError):
    """A card is refused. `problems` holds every mistake, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


class ConditionError(ScoringError):
    """A condition is refused. `offset` counts characters from the start of its text, from 0."""

    def __init__(self, text: str, offset: int = 0) -> None:
        self.text = text
        self.offset = offset
        super().__init__(text)


class UnknownField(ConditionError):
    """A condition asks a field that isn't there, or one that is `declared` and can't itself be read."""

    def __init__(self, text: str, offset: int, declared: bool = False) -> None:
        super().__init__(text, offset)
        self.declared = declared


class UnreadableValue(ScoringError, ValueError):
    """A raw value that can't be read; the text is the reason, without the name of its field."""


@dataclass(frozen=True)
class BadValue:
    """One value of a lead that can't be read: its field, its column (empty: not known), the raw value and the reason.

    `lead_path` leads to the lead in the caller's input.
    """

    field: str
    column: str
    value: object
    reason: str
    lead_path: str = "$"

    @property
    def path(self) -> str:
        """The path of the value in the caller's input; empty where the column is not known."""
        return f"{self.lead_path}.{self.column}" if self.column else ""

    @property
    def clause(self) -> str:
        """The reason in words that stand alone: without a value to quote, they begin with the column."""
        return self.reason if self.value is not None else f"{quote(self.column)} {self.reason}"

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class CardEditError(ScoringError):
    """The text of a card can't be edited in this way; the text stays as it was."""


class LeadError(ScoringError):
    """A lead is refused. `problems` holds every bad value, in the order of the card's fields."""

    def __init__(self, problems: Sequence[BadValue]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class PrinterError(ScoringError):
    """A printer lacks what the card asks of it. Refused, never degraded."""


class DataError(ScoringError):
    """A file of leads, or a history, can't be used: what is wrong, where, and how to mend it."""


@dataclass(frozen=True)
class Suspect:
    """A field that may know what became of the lead: the kind of proof, the proof, and how to mend the card."""

    field: str
    kind: str
    proof: str
    mend: str

    def to_dict(self) -> dict[str, str]:
        """Flat JSON."""
        return {"field": self.field, "kind": self.kind, "proof": self.proof, "mend": self.mend}

    def __str__(self) -> str:
        return "\n".join((f"{self.field}: {self.proof}", *(f"  {line}" for line in self.mend.split("\n"))))


def _name_suspects(suspects: tuple[Suspect, ...]) -> str:
    """How many fields and kinds of events look odd; kinds come as `event name`."""
    kinds = sum(suspect.field.startswith("event ") for suspect in suspects)
    one, many = ("a kind of events", "kinds of events") if kinds == len(suspects) else ("a field", "fields")
    if 0 < kinds < len(suspects):
        many = "fields and kinds of events"
    return f"{one} looks" if len(suspects) == 1 else f"{len(suspects)} {many} look"


class LeakageError(DataError):
    """A history is refused: fields of it know the outcome. `suspects` holds each with its proof; `what` is stopped."""

    def __init__(self, suspects: tuple[Suspect, ...], what: str = "training") -> None:
        self.suspects = suspects
        single = len(suspects) == 1
        start = (
            f"{what} stopped: {_name_suspects(suspects)} as if {'it was' if single else 'they were'} filled in when it"
            f" was known what became of the lead. What is learned from {'it' if single else 'them'} would look good on"
            " past leads and be wrong on new ones."
        )
        super().__init__("\n\n".join((start, *map(str, suspects))))


class MissingFields(DataError):
    """A history lacks columns of `fields`, which the card uses."""

    def __init__(self, text: str, fields: tuple[str, ...]) -> None:
        self.fields = fields
        super().__init__(text)


class DoubtfulHistory(DataError):
    """What would be left out of a history changes the result; `doubts` say how."""

    def __init__(self, text: str, doubts: tuple[str, ...]) -> None:
        self.doubts = doubts
        super().__init__(text)


class CompileError(ScoringError, ValueError):
    """A classifier that is no sum of tables over its bins, or doesn't say what its bins are."""


class ReleaseError(ScoringError):
    """A release can't be used: it doesn't exist, was changed, or is not whole."""


class ReleaseHomeError(ReleaseError):
    """The home can't be written to: it is read-only, or its disk is full."""


class ReleaseOvertaken(ReleaseError):
    """A release was to follow another one, and that is not the current one any more."""


class KeyFileError(ScoringError):
    """The keys can't be read or changed, or are not there; nothing that needs one is served."""


class DraftError(ScoringError):
    """A draft of a card is refused."""


class UnknownDraft(DraftError):
    """There is no draft of this name."""


class DraftOvertaken(DraftError):
    """A change of a draft is refused because somebody else has changed it meanwhile."""


class DraftHomeError(DraftError):
    """A draft can't be read or kept, because of the home."""


class HookError(ScoringError):
    """A subscription to hooks is refused, or the address that it names; the text shows nothing of the address."""


class SyncError(ScoringError):
    """A sync can't go on: the CRM can't be reached, refuses us, or answers what its documents don't say.

    The text says what to do. Nothing that the CRM sent is repeated in it but for a short, clean excerpt.
    """


class Unrecorded(ScoringError):
    """Records could not be written; the text says why."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'employees'?` for a near miss, else ` Use one of: a, b, c.`; empty when nothing is known."""
    names = list(known)
    near = difflib.get_close_matches(word, names[:MOST_NAMES_COMPARED], n=1, cutoff=0.7)
    if near:
        return f" Did you mean {quote(near[0])}?"
    if not names:
        return ""
    listed = [name if name.isprintable() and len(name) <= 40 else quote(name) for name in names[:12]]
    return f" Use one of: {', '.join(listed)}{', …' if len(names) > 12 else ''}."


def quote(value: object, limit: int = 40) -> str:
    """A value from outside, safe to print: quoted, escaped and cut to `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
