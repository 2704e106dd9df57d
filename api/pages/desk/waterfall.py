"""The ledger of a lead as a waterfall: one sentence per entry, each bar where the one before it ends.

A rule and the tables of the same field are one row. Small rows of one axis are folded into one that names them. What
limits take stands below what they cut, and what machines did stands where it would have counted. The rows add up to
the total, to the last tenth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, TypeAlias

from leadledger.api.pages.desk.bars import Bar, BarLook, Scale
from leadledger.api.pages.desk.entry_words import EntryWords
from leadledger.api.pages.desk.subjects import Subject, SubjectFinder, begin
from leadledger.api.wording.figures import NO_BREAK_SPACE, word_chance, word_count
from leadledger.scoring.axis import UNKNOWN_GRADE
from leadledger.scoring.event_counts import EarnedByEvents
from leadledger.scoring.result import AxisScore, Entry, Result, format_signed, format_unsigned
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Typed

RowKind: TypeAlias = Literal["start", "entry", "small", "cut", "not-counted", "axis", "sum"]
SMALL = 20  # tenths, below which an entry is small
MOST_POINTS = 1000  # tenths, at which a score stops


@dataclass(frozen=True)
class WaterfallPart:
    """One of the entries of a row: its words, its points, why its rule is in the card (or empty), and who says so."""

    text: str
    points: str
    why: str
    is_learned: bool


@dataclass(frozen=True)
class WaterfallRow:
    """A row: its sentence, its points (`tenths` exact), and its bar (None: it has none).

    `note` says more in small letters. `entry` is the ledger entry that sales may call wrong, as `kind:name`; empty:
    none by itself. `parts` are the entries that it is made of, where they are several, or where the card says why.
    """

    kind: RowKind
    text: str
    tenths: int
    points: str
    bar: Bar | None
    note: str = ""
    entry: str = ""
    parts: tuple[WaterfallPart, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it is a part of the total: subtotals and sums repeat others, what isn't counted adds nothing."""
        return self.kind not in ("axis", "sum", "not-counted")


@dataclass(frozen=True)
class Waterfall:
    """All rows, and where the threshold stands in the drawing, in per cent (empty: there is none).

    `anchor` says which end of the threshold's word stands there.
    `overflow` says what a score makes of a total beyond 0 to 100; empty: nothing. `trust` is by how much rules count;
    empty: in full.
    """

    rows: tuple[WaterfallRow, ...]
    threshold: str
    anchor: Literal["start", "middle", "end"]
    overflow: str
    trust: str


@dataclass
class _Fold:
    """What stands in one row: the entries about one subject, what limits take of them, and what machines did."""

    subject: Subject
    entries: list[Entry] = field(default_factory=list)
    cuts: list[Entry] = field(default_factory=list)
    machines: list[tuple[EarnedByEvents, str]] = field(default_factory=list)
    group: str = ""

    @property
    def tenths(self) -> int:
        return sum(entry.tenths for entry in self.entries)

    @property
    def is_small(self) -> bool:
        return abs(self.tenths) < SMALL and bool(self.entries) and not (self.cuts or self.machines)


class _RowDraft(NamedTuple):
    """A row whose bar, from a total to another, isn't drawn yet, since the scale isn't known; None: it has none."""

    row: WaterfallRow
    ends: tuple[int, int] | None
    look: BarLook = "whole"


class _RowDrafts:
    """Rows in their order, the bar of each from where the one before it ends."""

    def __init__(self) -> None:
        self.total = 0
        self.drafts: list[_RowDraft] = []

    def add(
        self,
        kind: RowKind,
        text: str,
        tenths: int,
        note: str = "",
        entry: str = "",
        parts: Iterable[WaterfallPart] = (),
    ) -> None:
        """Add a row that counts."""
        start, self.total = self.total, self.total + tenths
        points = format_unsigned(tenths) if kind in ("start", "sum") else format_signed(tenths)
        row = WaterfallRow(kind, text, tenths, points, None, note, entry, tuple(parts))
        self.drafts.append(_RowDraft(row, (start, self.total), _find_look(kind, tenths)))

    def add_not_counted(self, earned: EarnedByEvents, reason: str) -> None:
        """Add what machines would have earned."""
        times = f"{word_count(earned.machine_events)} time{'' if earned.machine_events == 1 else 's'}"
        note = f"By a machine, {times}, so it isn’t counted. Would be {format_signed(earned.machine)}."
        row = WaterfallRow("not-counted", reason, 0, format_signed(0), None, note)
        self.drafts.append(_RowDraft(row, (self.total, self.total + earned.machine), "not-counted"))

    def add_axis(self, score: AxisScore) -> None:
        """Add the points of an axis, which are those of the rows before it."""
        grade = "too little is known for a grade" if score.grade == UNKNOWN_GRADE else f"grade {score.grade}"
        text = f"{begin(score.axis)}: {grade}"
        self.drafts.append(_RowDraft(WaterfallRow("axis", text, score.tenths, format_signed(score.tenths), None), None))

    def draw(self, threshold: int | None) -> tuple[tuple[WaterfallRow, ...], str]:
        """The rows with their bars, and where the threshold stands."""
        totals = [0, *([] if threshold is None else [threshold])]
        totals += [total for draft in self.drafts for total in draft.ends or ()]
        scale = Scale(min(totals), max(totals))
        rows = tuple(
            draft.row if draft.ends is None else replace(draft.row, bar=scale.draw(*draft.ends, draft.look))
            for draft in self.drafts
        )
        return rows, "" if threshold is None else scale.place(threshold)


def _find_anchor(place: str) -> Literal["start", "middle", "end"]:
    share = float(place.rstrip("%") or 0)
    return "start" if share < 20 else "end" if share > 80 else "middle"


def _find_look(kind: RowKind, tenths: int) -> BarLook:
    return "whole" if kind in ("start", "sum") else "gain" if tenths >= 0 else "loss"


def draw_waterfall(result: Result, card: Scorecard, values: Mapping[str, Typed]) -> Waterfall:
    """The waterfall of a result of a scorecard; `values` are the typed values of the lead's plain fields."""
    finder, words, drafts = SubjectFinder(card), EntryWords(card, values), _RowDrafts()
    for entry in result.ledger:
        if entry.kind == "start":
            drafts.add("start", "Every lead starts here", entry.tenths)
    scores: Sequence[AxisScore | None] = result.axes or (None,)
    for score in scores:
        axis = None if score is None else score.axis
        groups = {entry.name: entry for entry in result.ledger if entry.kind == "group" and entry.axis == axis}
        _add_folds(drafts, words, _fold(result, card, finder, axis), groups)
        if score is not None:
            drafts.add_axis(score)
    drafts.total = 0
    drafts.add("sum", f"Sum: {_word_sum(result)}", result.tenths)
    rows, threshold = drafts.draw(result.recommendation.threshold)
    trust = card.learned.trust
    anchor = _find_anchor(threshold)
    return Waterfall(rows, threshold, anchor, word_overflow(result), "" if trust == 1 else word_chance(trust))


def word_overflow(result: Result) -> str:
    """What a score makes of a total beyond its ends; empty where it makes nothing of it."""
    if result.tenths > MOST_POINTS:
        return f"{format_unsigned(result.tenths)} points; the score stops at 100"
    if result.tenths < 0:
        return f"{format_unsigned(result.tenths)} points; the score stops at 0"
    return ""


def _word_sum(result: Result) -> str:
    parts = [f"{word_chance(result.probability)} chance"] if result.probability is not None else []
    return ", ".join([*parts, f"grade {result.grade}"])


def _fold(result: Result, card: Scorecard, finder: SubjectFinder, axis: str | None) -> list[_Fold]:
    """The entries of an axis by what they are about, in the order of the ledger."""
    folds: dict[Subject, _Fold] = {}
    groups = {entry.name for entry in result.ledger if entry.kind == "group" and entry.axis == axis}
    for entry in result.ledger:
        if entry.axis != axis or entry.kind in ("start", "group"):
            continue
        subject = finder.find(entry)
        fold = folds.setdefault(subject, _Fold(subject))
        (fold.cuts if entry.kind == "cap" else fold.entries).append(entry)
        group = finder.find_group(entry.name) if entry.kind == "rule" else ""
        if group in groups:
            fold.group = fold.group or group
    reasons = {rule.name: (rule.reason, rule.axis or None) for rule in card.card.each_rules}
    for earned in result.events.rules if result.events is not None else ():
        reason, of_axis = reasons.get(earned.rule, ("", None))
        if earned.machine_events and reason and of_axis == axis:
            subject = finder.find_by_name("rule", earned.rule)
            folds.setdefault(subject, _Fold(subject)).machines.append((earned, reason))
    return list(folds.values())


def _add_folds(drafts: _RowDrafts, words: EntryWords, folds: Sequence[_Fold], groups: Mapping[str, Entry]) -> None:
    """The rows of an axis: the largest first, those that share a limit together with what it takes, small ones last."""
    blocks: dict[str, list[_Fold]] = {}
    for fold in folds:
        blocks.setdefault(fold.group, []).append(fold)
    alone, small = _part_small(blocks.pop("", []))
    parts = [([fold], "") for fold in alone] + [(members, name) for name, members in blocks.items()]
    for members, name in sorted(parts, key=lambda part: -max(abs(fold.tenths) for fold in part[0])):
        large, rest = _part_small(members)
        for fold in sorted(large, key=lambda fold: -abs(fold.tenths)):
            _add_fold(drafts, words, fold)
        _add_small(drafts, words, rest)
        if name:
            drafts.add("cut", words.word(groups[name]), groups[name].tenths, entry=f"group:{name}")
    for name, entry in groups.items():
        if name not in blocks:  # its rules cancel out, and so have no entries
            drafts.add("cut", words.word(entry), entry.tenths, entry=f"group:{name}")
    _add_small(drafts, words, small)


def _part_small(folds: Sequence[_Fold]) -> tuple[list[_Fold], list[_Fold]]:
    """Folds that have a row of their own, and small ones that share one; a single one has its own."""
    small = [fold for fold in folds if fold.is_small]
    if len(small) < 2:
        return list(folds), []
    return [fold for fold in folds if not fold.is_small], small


def _add_small(drafts: _RowDrafts, words: EntryWords, folds: Sequence[_Fold]) -> None:
    if folds:
        ordered = sorted(folds, key=lambda fold: -abs(fold.tenths))
        named = "; ".join(f"{_word_fold(words, fold)}{NO_BREAK_SPACE}{format_signed(fold.tenths)}" for fold in ordered)
        total = sum(fold.tenths for fold in ordered)
        drafts.add("small", f"{len(ordered)} small ones together", total, note=named)


def _add_fold(drafts: _RowDrafts, words: EntryWords, fold: _Fold) -> None:
    if fold.entries:
        parts = tuple(_list_parts(words, fold.entries))
        first = next((entry for entry in fold.entries if entry.kind == "rule"), None)
        largest = first or max(fold.entries, key=lambda entry: abs(entry.tenths))
        text, entry = _word_fold(words, fold), f"{largest.kind}:{largest.name}"
        drafts.add("entry", text, fold.tenths, entry=entry, parts=parts)
    for cut in fold.cuts:
        drafts.add("cut", words.word(cut), cut.tenths, entry=f"cap:{cut.name}")
    for earned, reason in fold.machines:
        drafts.add_not_counted(earned, reason)


def _word_fold(words: EntryWords, fold: _Fold) -> str:
    """The sentence of a row: that of its rule, with what the tables of the field add to it; or the largest table's."""
    rules = [entry for entry in fold.entries if entry.kind == "rule"]
    tables = sorted((entry for entry in fold.entries if entry.kind != "rule"), key=lambda entry: -abs(entry.tenths))
    if not rules:
        return words.word(tables[0])
    text = "; ".join([rules[0].reason, *(rule.reason[:1].lower() + rule.reason[1:] for rule in rules[1:])])
    labels = [label for table in tables if (label := words.add_to_rule(table, text))]
    return f"{text}: {labels[0]}" if len(labels) == 1 and fold.subject.kind == "field" else text


def _list_parts(words: EntryWords, entries: Sequence[Entry]) -> Iterator[WaterfallPart]:
    if len(entries) == 1 and not entries[0].why:
        return
    for entry in entries:
        is_learned = entry.kind != "rule"
        text = words.word(entry)
        yield WaterfallPart(text, format_signed(entry.tenths), entry.why, is_learned)
