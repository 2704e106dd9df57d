"""What events bring and how leads age, in plain text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def landmark_lines(measures: Mapping[str, Any], width: int) -> Iterator[str]:
    """The forecast at each landmark beside one without events, and how it moves; nothing where there are none."""
    if not measures:
        return
    yield ""
    yield from textwrap.wrap(f"Events: {measures['said']}.", width, subsequent_indent="  ")
    yield f"{'days after':<12}{'leads':>8}{'came':>8}{'foreseen':>10}{'slope':>8}{'AUC':>9}{'without events':>16}"
    for row in measures["by_landmark"]:
        rates = f"{row['came']:>8.1%}{row['foreseen']:>10.1%}{_show(row['slope'], '.2f'):>8}"
        areas = f"{_show(row['auc'], '.4f'):>9}{_show(row['auc_without_events'], '.4f'):>16}"
        yield f"{row['after']:<12,}{row['leads']:>8,}{rates}{areas}"
    ageing = measures["ageing"]
    if len(ageing) > 1 and measures["open_at_all"]:
        days = ", ".join(f"{row['after']:,}" for row in ageing)
        won, others = (_follow([row[who] for row in ageing]) for who in ("won", "others"))
        sentence = (
            f"As leads age, over the {measures['open_at_all']:,} held-out leads that were open at all landmarks ({days}"
            f" days): the forecast of those that then became opportunities goes {won}, that of the others {others}."
        )
        yield from textwrap.wrap(sentence, width, subsequent_indent="  ")


def _show(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _follow(values: Sequence[float | None]) -> str:
    return " → ".join(_show(value, ".1%") for value in values)
