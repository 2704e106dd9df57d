"""The difference between two releases as text, for a terminal: what moved most comes first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import replace

from leadledger.models.releases.changes import CELLS_SHOWN, CutoffChange, Diff, PointsChange, TermChange, TextChange
from leadledger.scoring.outputs import TermKind
from leadledger.scoring.result import format_signed, format_unsigned

TERM_TITLES: dict[TermKind, str] = {"table": "Tables", "pair": "Pairs", "combination": "Combinations"}
BINS_SHOWN = 6  # bins of a table, and rules that moved with trust alone, that are shown: those that moved most
POINTS_WIDTH = 28  # columns that the points before, after and the move take: `   +12.0 →     −3.5    −15.5`


def diff_text(diff: Diff, width: int = 80) -> str:
    """The difference for a terminal of `width` columns, 60 or more."""
    return "\n".join(line.rstrip() for line in _lines(diff, max(width, 60))) + "\n"


def _lines(diff: Diff, width: int) -> Iterator[str]:
    yield f"From {diff.old or 'the card alone'} to {diff.new or 'the card alone'}, in points"
    if not diff:
        yield ""
        yield "Nothing differs that a score depends on."
        return
    yield from _summary_lines(diff, width)
    if diff.rules:
        yield from ("", "Rules, with trust applied; those that the card changed come first")
    for rule in diff.rules:
        if not rule.by_trust:
            yield _row(rule.effective, width)
            if None not in (rule.declared.old, rule.declared.new) and rule.declared.moved:
                yield _row(replace(rule.declared, name="as declared"), width, indent="    ")
            yield from _text_changes(rule.edits, width)
    rest = [rule.effective for rule in diff.rules if rule.by_trust]
    yield from (_row(move, width) for move in rest[:BINS_SHOWN])
    if len(rest) > BINS_SHOWN:
        yield f"  … and {len(rest) - BINS_SHOWN} that moved less, all with trust alone"
    for kind, title in TERM_TITLES.items():
        terms = diff.of(kind)
        if terms:
            yield from ("", f"{title}, those that moved most first")
        for term in terms:
            yield from _term_lines(term, width)
    if diff.thresholds:
        yield from ("", "Thresholds: the points from which a stage is open")
    for threshold in diff.thresholds:
        yield _row(threshold.points, width)
        yield from _text_changes(threshold.edits, width)
    if diff.grades:
        yield from ("", "Grades: the points from which each is given")
        yield from (_row(grade, width) for grade in diff.grades)
    if diff.percentiles:
        yield from ("", "Percentiles: the points from which a lead is better than so many of the judged leads")
        yield from (_row(place, width) for place in diff.percentiles)
    if diff.card:
        yield from ("", "The rest of the card")
    for edit in diff.card:
        yield f"  {_shorten(edit.name, width - 2)}"
        yield from _both_texts(edit, width)


def _summary_lines(diff: Diff, width: int) -> Iterator[str]:
    rows = []
    if diff.start.moved:
        rows.append(_row(CutoffChange("start", diff.start.old, diff.start.new), width))
    for name, (old, new), form in (("trust", diff.trust, "{:.3f}"), ("base rate", diff.base_rate, "{:.2%}")):
        if old != new:
            before, after = ("unknown" if rate is None else form.format(rate) for rate in (old, new))
            rows.append(f"  {name:<{width - POINTS_WIDTH - 2}}{before:>8} → {after:>8}")
    if rows:
        yield from ("", *rows)


def _term_lines(term: TermChange, width: int) -> Iterator[str]:
    most, what = (BINS_SHOWN, "bins") if term.kind == "table" else (CELLS_SHOWN, "cells")
    change = {"added": " (new)", "removed": " (gone)"}.get(term.change, "")
    if term.bounds:
        yield f"  {_shorten(term.name, width - 50)}{change}: {term.size:,} cells, too many to list"
        yield from (_row(move, width, indent="    ") for move in term.bounds)
        return
    head = f"  {_shorten(term.name, width - 50)}{change}: {len(term.moves)} of {term.size} {what} moved"
    yield head + (f", by up to {format_unsigned(term.most)}" if term.moves else "")
    largest = term.largest[:most]
    if term.kind == "table":  # its bins keep their order
        largest = tuple(move for move in term.moves if move in largest)
    for move in largest:
        yield _row(move, width, indent="    ")
    if len(term.moves) > most:
        yield f"    … and {len(term.moves) - most} that moved less"


def _row(move: PointsChange | CutoffChange, width: int, indent: str = "  ") -> str:
    """A name, its points before and after, and the move: columns that line up down the page."""
    form = format_signed if isinstance(move, PointsChange) else format_unsigned
    old, new = ("–" if points is None else form(points) for points in (move.old, move.new))
    moved = "" if move.moved is None else format_signed(move.moved)
    room = width - POINTS_WIDTH - len(indent)
    return f"{indent}{_shorten(move.name, room - 1):<{room}}{old:>8} → {new:>8} {moved:>8}"


def _text_changes(edits: Iterable[TextChange], width: int) -> Iterator[str]:
    for edit in edits:
        yield f"    {edit.name.replace('_', ' ')}"
        yield from _both_texts(edit, width, "      ")


def _both_texts(edit: TextChange, width: int, indent: str = "    ") -> Iterator[str]:
    for word, text in (("was", edit.old), ("now", edit.new)):
        first = f"{indent}{word}  "
        yield textwrap.fill(
            text if text is not None else "–", width, initial_indent=first, subsequent_indent=" " * len(first)
        )


def _shorten(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"
