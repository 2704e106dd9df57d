"""A back-test in plain text, for the command line."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from leadledger.training.evidence.backtesting import AtThreshold, Backtest, Rate

MOST_TRANSITIONS_SHOWN = 8  # kinds of change that are shown, the most frequent; the JSON holds all


def backtest_text(test: Backtest, width: int = 80) -> str:
    """How much changes, what it would have brought at the threshold, and which edit is responsible."""
    return "\n".join(line.rstrip() for line in _lines(test, max(width, 60)))


def _lines(test: Backtest, width: int) -> Iterator[str]:
    by = f"release {test.release}" if test.release else "rules as declared"
    share = f" ({test.changed / test.leads:.1%})" if test.leads else ""
    yield from textwrap.wrap(
        f"{test.changed:,} of {test.leads:,} leads{share} change grade or recommendation, by {by}.", width
    )
    if test.transitions:
        yield ""
        yield f"{'':<46}{'leads':>10}{'became one':>14}"
        for transition in test.transitions[:MOST_TRANSITIONS_SHOWN]:
            change = f"{transition.what} {transition.old} → {transition.new}"
            yield f"  {change:<44}{transition.leads:>10,}{_share(transition.won, transition.leads):>14}"
        if len(test.transitions) > MOST_TRANSITIONS_SHOWN:
            yield f"  … kinds of change that are rarer, not shown: {len(test.transitions) - MOST_TRANSITIONS_SHOWN}"
    if test.thresholds is not None:
        yield ""
        yield from _at_threshold(test, *test.thresholds, width)
    if test.edits:
        yield ""
        yield from textwrap.wrap(
            "Which edit is responsible. Alone: changed leads that the edit changes by itself;"
            " needed: changed leads that would not change without it.",
            width,
        )
        yield f"{'':<{width - 20}}{'alone':>10}{'needed':>10}"
        for edit in test.edits:
            yield f"  {_cut(edit.title, width - 23):<{width - 22}}{edit.alone:>10,}{edit.needed:>10,}"
            yield from textwrap.wrap(edit.said, width, initial_indent="    ", subsequent_indent="    ")
        if test.together:
            yield from textwrap.wrap(f"Changed only by several edits together: {test.together:,}.", width)
    elif not test.changed:
        yield "The two cards differ in nothing that a score depends on."
    if test.notes:
        yield ""
    for note in test.notes:
        yield from textwrap.wrap(note, width)


def _at_threshold(test: Backtest, old: AtThreshold, new: AtThreshold, width: int) -> Iterator[str]:
    """The two thresholds beside each other."""
    to = old.stage if old.stage == new.stage else f"{old.stage} (old), {new.stage} (new)"
    yield from textwrap.wrap(f"Promotion to {to}, of leads that meet its criteria, wherever they stand", width)
    yield ""
    yield f"{'':<24}{'old card':>27}{'new card':>27}"
    for label, left, right in (
        ("threshold", _threshold(old), _threshold(new)),
        ("promoted", f"{old.promoted.leads:,}", f"{new.promoted.leads:,}"),
        ("precision", _rate(old.promoted), _rate(new.promoted)),
        ("recall", _rate(old.recall), _rate(new.recall)),
    ):
        yield f"  {label:<22}{left:>27}{right:>27}"
    yield ""
    for words, rate in (("Only the new card promotes", test.gained), ("Only the old card promotes", test.dropped)):
        of_them = f", {rate.won:,} of them opportunities" if rate.leads else ""
        yield f"{words} {rate.leads:,}{of_them}."
    closed = {old.closed: "old", new.closed: "new"} if old.closed != new.closed else {old.closed: "old and the new"}
    for why, card in closed.items():
        if why:
            yield from textwrap.wrap(f"The gate of the {card} card is closed: {why}.", width)


def _threshold(at: AtThreshold) -> str:
    return "closed" if at.closed else "criteria alone" if at.points is None else f"{at.points / 10:.1f} points"


def _rate(rate: Rate) -> str:
    limits = rate.to_dict()
    return f"{limits['rate']:.1%} ({limits['low']:.1%} to {limits['high']:.1%})" if rate.leads else "–"


def _share(won: int, leads: int) -> str:
    return f"{won:,} ({won / leads:.0%})" if leads else "–"


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"
