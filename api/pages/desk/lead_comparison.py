"""Why one lead stands before another: what differs, subject by subject, and what could turn the order round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from leadledger.api.pages.desk.bars import Bar, Scale
from leadledger.api.pages.desk.entry_words import EntryWords
from leadledger.api.pages.desk.subjects import Subject, SubjectFinder, begin
from leadledger.api.pages.desk.values import word_value
from leadledger.api.wording.figures import NO_BREAK_SPACE, word_chance, word_distance
from leadledger.api.wording.recommendations import word_question
from leadledger.scoring.engine.comparison import LeadComparison
from leadledger.scoring.result import Entry, format_signed, format_unsigned
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Typed

NOTHING = "–"
MOST_ROWS = 8  # beyond which differences fold into one


@dataclass(frozen=True)
class ComparedSide:
    """One of two leads: what it is called, its chance (or points, where no chance is known), its points."""

    lead: str
    name: str
    chance: str
    points: str


@dataclass(frozen=True)
class ComparedRow:
    """Something in which two leads differ: what it is in each, and by how many points the first has more or fewer."""

    title: str
    here: str
    there: str
    tenths: int
    points: str
    bar: Bar


@dataclass(frozen=True)
class SmallDifferences:
    """Differences that are too small for a row each: how many, which, and their points together."""

    count: int
    named: str
    tenths: int
    points: str
    bar: Bar


@dataclass(frozen=True)
class LeadsBeside:
    """Two leads side by side; the points of the rows add up to `difference`. `middle` is where the bars begin."""

    here: ComparedSide
    there: ComparedSide
    rows: tuple[ComparedRow, ...]
    small: SmallDifferences | None
    difference: str
    tenths: int
    middle: str
    sentence: str
    turns: tuple[str, ...]
    notes: tuple[str, ...]


def describe_comparison(
    comparison: LeadComparison,
    card: Scorecard,
    values: tuple[Mapping[str, Typed], Mapping[str, Typed]],
    leads: tuple[str, str],
    names: tuple[str, str],
    notes: tuple[str, ...] = (),
) -> LeadsBeside:
    """Two leads by one scorecard.

    `values` are the typed values of each, `leads` their ids, `names` what they are called.
    """
    finder = SubjectFinder(card)
    tenths: dict[Subject, int] = {}
    for entry in comparison.entries:
        subject = finder.find_by_name(entry.kind, entry.name)
        tenths[subject] = tenths.get(subject, 0) - entry.tenths
    entries = [[(finder.find(entry), entry) for entry in result.ledger] for result in (comparison.a, comparison.b)]
    differences = sorted(((s, t) for s, t in tenths.items() if t), key=lambda pair: (-abs(pair[1]), pair[0].title))
    scale = Scale(min([0, *(t for _, t in differences)]), max([0, *(t for _, t in differences)]))
    little = differences[MOST_ROWS:]
    if len(little) < 2:
        little = []
    differences = differences[: len(differences) - len(little)]
    rows = []
    for subject, difference in differences:
        here, there = (
            _word_side(subject, card, values[side], [e for s, e in entries[side] if s == subject], comparison.a.as_of)
            for side in (0, 1)
        )
        look = "gain" if difference > 0 else "loss"
        bar = scale.draw(0, difference, look)  # type: ignore[arg-type]  # one of its looks
        rows.append(ComparedRow(begin(subject.title), here, there, difference, format_signed(difference), bar))
    ahead = -comparison.tenths
    return LeadsBeside(
        ComparedSide(leads[0], names[0], word_chance(comparison.a.probability), format_unsigned(comparison.a.tenths)),
        ComparedSide(leads[1], names[1], word_chance(comparison.b.probability), format_unsigned(comparison.b.tenths)),
        tuple(rows),
        _fold_small(little, scale) if little else None,
        format_signed(ahead),
        ahead,
        scale.place(0),
        _word_order(ahead, names),
        tuple(_word_turns(comparison, names)),
        notes,
    )


def _fold_small(differences: Sequence[tuple[Subject, int]], scale: Scale) -> SmallDifferences:
    tenths = sum(difference for _, difference in differences)
    named = ", ".join(
        f"{begin(subject.title)}{NO_BREAK_SPACE}{format_signed(difference)}" for subject, difference in differences
    )
    bar = scale.draw(0, tenths, "gain" if tenths >= 0 else "loss")
    return SmallDifferences(len(differences), named, tenths, format_signed(tenths), bar)


def _word_order(ahead: int, names: tuple[str, str]) -> str:
    if ahead == 0:
        return f"{names[0]} and {names[1]} have as many points; their ids decide."
    first, second = names if ahead > 0 else names[::-1]
    return f"{first} is ahead of {second} by {word_distance(ahead)} point{'' if abs(ahead) == 10 else 's'}."


def _word_turns(comparison: LeadComparison, names: tuple[str, str]) -> list[str]:
    """The questions whose answer alone could turn the order round."""
    return [
        f"Ask {names[0] if question.of == 'a' else names[1]}: {word_question(question.answer.text)}"
        for question in comparison.questions
    ]


def _word_side(
    subject: Subject, card: Scorecard, values: Mapping[str, Typed], entries: list[Entry], today: date
) -> str:
    """What a lead has of a subject: the value of its field, else what its ledger says."""
    if subject.kind == "field" and subject.name in values:
        return word_value(card.card.fields[subject.name], values[subject.name], today)
    words = [EntryWords(card, values).word(entry) for entry in entries if entry.kind != "cap"]
    if not words:
        return NOTHING
    rules = [entry.reason for entry in entries if entry.kind == "rule"]
    return rules[0] if rules else words[0] if len(words) == 1 else "; ".join(words[:2])
