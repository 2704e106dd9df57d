"""The difference between two releases as text, for a terminal: what moved most comes first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import replace

from leadledger.models.releases.diff import CELLS, Cut, Diff, Edit, Move, TermChange
from leadledger.scoring.outputs import TermKind
from leadledger.scoring.result import format_signed, format_unsigned

TITLES: dict[TermKind, str] = {"table": "Tables", "pair": "Pairs", "combination": "Combinations"}
BINS = 6  # bins of a table, and rules that moved with trust alone, that are shown: those that moved most
MOVES = 28  # columns that the points before, after and the move take: `   +12.0 →     −3.5    −15.5`


def diff_text(diff: Diff, width: int = 80) -> str:
    """The difference for a terminal of `width` columns, 60 or more."""
    return "\n".join(line.rstrip() for line in _text(diff, max(width, 60))) + "\n"


def _text(diff: Diff, width: int) -> Iterator[str]:
    yield f"From {diff.old or 'the card alone'} to {diff.new or 'the card alone'}, in points"
    if not diff:
        yield ""
        yield "Nothing differs that a score depends on."
        return
    yield from _head(diff, width)
    if diff.rules:
        yield from ("", "Rules, with trust applied; those that the card changed come first")
    for rule in diff.rules:
        if not rule.by_trust:
            yield _row(rule.effective, width)
            if None not in (rule.declared.old, rule.declared.new) and rule.declared.moved:
                yield _row(replace(rule.declared, name="as declared"), width, indent="    ")
            yield from _changes(rule.edits, width)
    rest = [rule.effective for rule in diff.rules if rule.by_trust]
    yield from (_row(move, width) for move in rest[:BINS])
    if len(rest) > BINS:
        yield f"  … and {len(rest) - BINS} that moved less, all with trust alone"
    for kind, title in TITLES.items():
        some = diff.of(kind)
        if some:
            yield from ("", f"{title}, those that moved most first")
        for term in some:
            yield from _term_text(term, width)
    if diff.lines:
        yield from ("", "Promotion lines: the points from which a stage is open")
    for line in diff.lines:
        yield _row(line.points, width)
        yield from _changes(line.edits, width)
    if diff.grades:
        yield from ("", "Grades: the points from which each is given")
        yield from (_row(one, width) for one in diff.grades)
    if diff.card:
        yield from ("", "The rest of the card")
    for edit in diff.card:
        yield f"  {_cut(edit.name, width - 2)}"
        yield from _sides_of(edit, width)


def _head(diff: Diff, width: int) -> Iterator[str]:
    rows = []
    if diff.start.moved:
        rows.append(_row(Cut("start", diff.start.old, diff.start.new), width))
    for name, (old, new), form in (("trust", diff.trust, "{:.3f}"), ("base rate", diff.base_rate, "{:.2%}")):
        if old != new:
            before, after = ("unknown" if one is None else form.format(one) for one in (old, new))
            rows.append(f"  {name:<{width - MOVES - 2}}{before:>8} → {after:>8}")
    if rows:
        yield from ("", *rows)


def _term_text(term: TermChange, width: int) -> Iterator[str]:
    most, what = (BINS, "bins") if term.kind == "table" else (CELLS, "cells")
    change = {"added": " (new)", "removed": " (gone)"}.get(term.change, "")
    if term.bounds:
        yield f"  {_cut(term.name, width - 50)}{change}: {term.size:,} cells, too many to list"
        yield from (_row(move, width, indent="    ") for move in term.bounds)
        return
    head = f"  {_cut(term.name, width - 50)}{change}: {len(term.moves)} of {term.size} {what} moved"
    yield head + (f", by up to {format_unsigned(term.most)}" if term.moves else "")
    shown = term.largest[:most]
    for move in (
        [one for one in term.moves if one in shown] if term.kind == "table" else shown
    ):  # the bins of a table keep their order
        yield _row(move, width, indent="    ")
    if len(term.moves) > most:
        yield f"    … and {len(term.moves) - most} that moved less"


def _row(move: Move | Cut, width: int, indent: str = "  ") -> str:
    """A name, its points before and after, and the move: columns that line up down the page."""
    form = format_signed if isinstance(move, Move) else format_unsigned
    old, new = ("–" if one is None else form(one) for one in (move.old, move.new))
    moved = "" if move.moved is None else format_signed(move.moved)
    room = width - MOVES - len(indent)
    return f"{indent}{_cut(move.name, room - 1):<{room}}{old:>8} → {new:>8} {moved:>8}"


def _changes(edits: Iterable[Edit], width: int) -> Iterator[str]:
    for edit in edits:
        yield f"    {edit.name.replace('_', ' ')}"
        yield from _sides_of(edit, width, "      ")


def _sides_of(edit: Edit, width: int, indent: str = "    ") -> Iterator[str]:
    for word, text in (("was", edit.old), ("now", edit.new)):
        first = f"{indent}{word}  "
        yield textwrap.fill(
            text if text is not None else "–", width, initial_indent=first, subsequent_indent=" " * len(first)
        )


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"
