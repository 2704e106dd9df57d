"""Two releases beside each other: a sentence first, then what differs in points, then the text of the card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leadledger.api.pages.releases.measures import Measures
from leadledger.api.pages.releases.quality import ReleaseQuality, word_quality, write_percent, write_sentence
from leadledger.api.pages.releases.release_list import word_moment
from leadledger.api.service.releases import ComparedReleases
from leadledger.api.studio.text_difference import TextDifference, compare_texts
from leadledger.api.wording.figures import word_count
from leadledger.models.releases.changes import CutoffChange, Diff, PointsChange, RuleChange, TermChange, TextChange
from leadledger.scoring.outputs import TermKind
from leadledger.scoring.result import format_signed, format_unsigned

CELLS_SHOWN = 6  # of a pair or a combination, those that moved most; and rules that moved with trust alone
CHANGES = {"added": "new", "removed": "gone", "changed": ""}
TERM_TITLES: dict[TermKind, str] = {
    "table": "Tables of one field",
    "pair": "Pairs of fields",
    "combination": "Combinations",
}
SMALL_MOVE = 10  # tenths: a term none of whose bins moved by as much is folded away
_LARGEST_BAR = 50.0  # per cent of the width, to either side


@dataclass(frozen=True)
class MovedPoints:
    """Points before and after, and a bar for the move: from `bar_at`, `bar_width` wide, both like `12.5%`."""

    name: str
    old: str
    new: str
    moved: str
    is_loss: bool
    bar_at: str
    bar_width: str
    change: str = ""


@dataclass(frozen=True)
class MovedRule:
    """A rule that the card changed: its points with trust applied, as declared where these moved, and other edits."""

    points: MovedPoints
    declared: str
    edits: tuple[TextChange, ...]


@dataclass(frozen=True)
class MovedTerm:
    """A learned term that changed, with its bins or cells that moved most; `others` moved less and aren't shown."""

    name: str
    change: str
    summary: str
    moves: tuple[MovedPoints, ...]
    others: int


@dataclass(frozen=True)
class TermSection:
    """The learned terms of a kind that changed; `small` are those that no lead will notice."""

    title: str
    terms: tuple[MovedTerm, ...]
    small: tuple[MovedTerm, ...]


@dataclass(frozen=True)
class ComparisonSide:
    """One of the two releases."""

    name: str
    moment: str
    note: str
    is_current: bool
    quality: ReleaseQuality


@dataclass(frozen=True)
class MeasuredDifference:
    """A measure of both on the same leads."""

    name: str
    old: str
    new: str
    difference: str
    meaning: str


@dataclass(frozen=True)
class ComparisonView:
    """What the page shows of two releases. `held_back`: why training didn't make the new one current; or empty."""

    old: ComparisonSide
    new: ComparisonSide
    headline: str
    held_back: str
    sentences: tuple[str, ...]
    measured: tuple[MeasuredDifference, ...]
    measured_leads: str
    summary: tuple[tuple[str, str, str], ...]
    rules: tuple[MovedRule, ...]
    rules_by_trust: tuple[MovedPoints, ...]
    terms: tuple[TermSection, ...]
    thresholds: tuple[MovedRule, ...]
    grades: tuple[MovedPoints, ...]
    percentiles: tuple[MovedPoints, ...]
    card: tuple[TextChange, ...]
    text: TextDifference
    differs: bool


def view_comparison(compared: ComparedReleases) -> ComparisonView:
    """The page of two releases."""
    diff = compared.diff
    measures = find_measures(compared)
    measured = tuple(_list_measured(measures))
    by_card = [rule for rule in diff.rules if not rule.by_trust]
    by_trust = [rule.effective for rule in diff.rules if rule.by_trust]
    return ComparisonView(
        old=_view_side(compared.old),
        new=_view_side(compared.new),
        headline=word_headline(diff, measures),
        held_back=write_sentence(measures.text("said")) if measures.at("worse").content is True else "",
        sentences=tuple(_word_differences(diff)),
        measured=measured,
        measured_leads=word_count(int(measures.number("leads") or 0)) if measured else "",
        summary=tuple(_summarize(diff)),
        rules=tuple(_move_rules(by_card)),
        rules_by_trust=tuple(_move_points(by_trust)),
        terms=tuple(_gather_terms(title, terms) for kind, title in TERM_TITLES.items() if (terms := diff.of(kind))),
        thresholds=tuple(
            MovedRule(_move_cutoffs([threshold.points])[0], "", threshold.edits) for threshold in diff.thresholds
        ),
        grades=tuple(_move_cutoffs(diff.grades)),
        percentiles=tuple(_move_cutoffs(diff.percentiles)),
        card=diff.card,
        text=compare_texts(*compared.texts),
        differs=bool(diff),
    )


def find_measures(compared: ComparedReleases) -> Measures:
    """What was measured of both on the same leads, when the new one was trained; empty: nothing was."""
    comparison = Measures(compared.new["metrics"]).at("comparison")
    return comparison if comparison.text("release") == compared.old["name"] else Measures(None)


def word_headline(diff: Diff, measures: Measures) -> str:
    """What the change comes to, in a sentence: "12 more calls among 4,487 leads, and about as many of them come true".

    Where nobody has measured both on the same leads, it says what differs.
    """
    old, new = (measures.number("promoted", side) for side in ("old", "new"))
    leads = measures.number("leads")
    if old is not None and new is not None and leads is not None:
        more = round(new - old)
        calls = "call" if abs(more) == 1 else "calls"
        change = f"{word_count(abs(more))} {'more' if more > 0 else 'fewer'} {calls}" if more else "As many calls"
        low, high = (measures.number("precision", end) for end in ("low", "high"))
        if low is None or high is None:
            return f"{change} among {word_count(int(leads))} leads."
        share = "more" if low > 0 else "fewer" if high < 0 else "about as many"
        return f"{change} among {word_count(int(leads))} leads, and {share} of the best come true."
    if not diff:
        return "Nothing differs that a score depends on."
    rules, terms = len([rule for rule in diff.rules if not rule.by_trust]), len(diff.terms)
    parts = [
        *([f"{word_count(rules)} rule{'' if rules == 1 else 's'}"] if rules else []),
        *([f"{word_count(terms)} learned table{'' if terms == 1 else 's'}"] if terms else []),
        *(["the threshold"] if diff.thresholds else []),
        *(["the grades"] if diff.grades else []),
    ]
    if not parts:
        return "Small things differ; rules, tables, thresholds and grades are the same."
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    verb = "differs" if len(parts) == 1 and (rules == 1 or terms == 1 or diff.thresholds) else "differ"
    return f"{listed[:1].upper()}{listed[1:]} {verb}."


def _word_differences(diff: Diff) -> Iterator[str]:
    """What moves most, in sentences."""
    changed = [rule for rule in diff.rules if not rule.by_trust]
    if changed:
        first = changed[0].effective
        yield f"Of the rules, {first.name} moves most: {_both(first)}."
    if diff.terms and diff.terms[0].largest:
        term = diff.terms[0]
        yield f"Of what was learned, {term.name} moves most: {term.largest[0].name} {_both(term.largest[0])}."
    for threshold in diff.thresholds:
        moved = threshold.points
        if moved.old is not None and moved.new is not None and moved.moved:
            yield (
                f"The threshold of {moved.name} goes from {format_unsigned(moved.old)} to"
                f" {format_unsigned(moved.new)} points."
            )


def _both(move: PointsChange) -> str:
    old, new = ("none" if points is None else format_signed(points) for points in (move.old, move.new))
    return f"from {old} to {new}"


def _list_measured(measures: Measures) -> Iterator[MeasuredDifference]:
    promoted = [measures.number("promoted", side) for side in ("old", "new")]
    if promoted[0] is not None and promoted[1] is not None:
        old, new = (round(number) for number in promoted if number is not None)
        moved = f"{'+' if new > old else '−' if new < old else ''}{word_count(abs(new - old))}"
        yield MeasuredDifference("Calls: leads above the threshold", word_count(old), word_count(new), moved, "")
    for key, name, better_up in (
        ("precision", "Of as many of the best, came true", True),
        ("log_loss", "Log-loss, lower is better", False),
    ):
        numbers = [measures.number(key, part) for part in ("old", "new", "difference", "low", "high")]
        known = [number for number in numbers if number is not None]
        if len(known) < len(numbers):
            continue
        old_rate, new_rate, moved_rate, low, high = known
        is_sure = low > 0 or high < 0
        meaning = "within chance" if not is_sure else "better" if (moved_rate > 0) == better_up else "worse"
        sign = "+" if moved_rate > 0 else "−" if moved_rate < 0 else ""
        rates = (old_rate, new_rate, abs(moved_rate))
        before, after, moved = (write_percent(rate) if better_up else f"{rate:.4f}" for rate in rates)
        yield MeasuredDifference(name, before, after, f"{sign}{moved}", meaning)


def _summarize(diff: Diff) -> Iterator[tuple[str, str, str]]:
    if diff.start.moved:
        old, new = diff.start.old, diff.start.new
        yield "Start, in points", format_unsigned(old or 0), format_unsigned(new or 0)
    if diff.trust[0] != diff.trust[1]:
        yield "Trust in the rules", write_percent(diff.trust[0]), write_percent(diff.trust[1])
    if diff.base_rate[0] != diff.base_rate[1]:
        old_rate, new_rate = ("not known" if rate is None else write_percent(rate) for rate in diff.base_rate)
        yield "Base rate", old_rate, new_rate


def _view_side(shown: dict[str, object]) -> ComparisonSide:
    return ComparisonSide(
        str(shown["name"]),
        word_moment(str(shown["created"])),
        str(shown["note"]),
        bool(shown["current"]),
        word_quality(Measures(shown["metrics"])),
    )


def _move_rules(rules: Sequence[RuleChange]) -> Iterator[MovedRule]:
    for rule, points in zip(rules, _move_points([rule.effective for rule in rules]), strict=True):
        declared = rule.declared
        has_moved = None not in (declared.old, declared.new) and declared.moved
        words = f"As declared {_both(declared)}" if has_moved else ""
        yield MovedRule(points, words, rule.edits)


def _gather_terms(title: str, terms: Sequence[TermChange]) -> TermSection:
    return TermSection(
        title,
        tuple(_move_term(term) for term in terms if term.most >= SMALL_MOVE),
        tuple(_move_term(term) for term in terms if term.most < SMALL_MOVE),
    )


def _move_term(term: TermChange) -> MovedTerm:
    what = "bins" if term.kind == "table" else "cells"
    if term.bounds:
        summary = f"{term.size:,} cells, too many to list"
        return MovedTerm(term.name, CHANGES[term.change], summary, tuple(_move_points(term.bounds)), 0)
    largest = term.largest if term.kind == "table" else term.largest[:CELLS_SHOWN]
    shown = term.moves if term.kind == "table" else largest
    summary = f"{len(term.moves):,} of {term.size:,} {what} moved, by up to {format_unsigned(term.most)} points"
    return MovedTerm(term.name, CHANGES[term.change], summary, tuple(_move_points(shown)), len(term.moves) - len(shown))


def _move_points(moves: Sequence[PointsChange]) -> Iterator[MovedPoints]:
    return _draw(moves, signed=True)


def _move_cutoffs(moves: Sequence[CutoffChange]) -> list[MovedPoints]:
    return list(_draw(moves, signed=False))


def _draw(moves: Sequence[PointsChange | CutoffChange], *, signed: bool) -> Iterator[MovedPoints]:
    """The moves, with bars that share one scale: the largest reaches the end."""
    form = format_signed if signed else format_unsigned
    most = max((abs(move.moved or 0) for move in moves), default=0) or 1
    for move in moves:
        old, new = ("–" if points is None else form(points) for points in (move.old, move.new))
        moved = move.moved
        width = abs(moved or 0) / most * _LARGEST_BAR
        start = 50 - width if (moved or 0) < 0 else 50
        yield MovedPoints(
            name=move.name,
            old=old,
            new=new,
            moved="" if moved is None else format_signed(moved),
            is_loss=(moved or 0) < 0,
            bar_at=f"{start:.2f}%",
            bar_width=f"{width:.2f}%",
            change="new" if move.old is None else "gone" if move.new is None else "",
        )
