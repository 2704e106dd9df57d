"""What a shadow would have said differently, in sentences: for the page, and for the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from leadledger.api.wording.figures import word_chance, word_count

NO_SHADOW = "Nothing is scored along."


def head_shadow(shadow: Mapping[str, Any]) -> str:
    """Which release or draft is scored along, since when, and by whom it was named."""
    if shadow["kind"] == "none":
        return NO_SHADOW
    moment = datetime.fromisoformat(shadow["since"]).astimezone(UTC)
    what = f"Release {shadow['name']}"
    if shadow["kind"] == "draft":
        what = f"Draft {shadow['name']} (revision {shadow['revision']})"
    by = f" {shadow['by']} named it." if shadow["by"] else ""
    return f"{what} has been scored along since {moment.day} {moment:%B %Y, %H:%M} UTC.{by}"


def list_shadow_sentences(shadow: Mapping[str, Any]) -> Iterator[str]:
    """How often it differs, and by how much; what could not be compared, and why."""
    if shadow["kind"] == "none":
        return
    if shadow["problem"] and not shadow["failed"]:
        yield f"{shadow['problem'][:1].upper()}{shadow['problem'][1:].rstrip('.')}."
    compared = shadow["compared"]
    if not compared:
        yield "No score has been compared yet: it takes some seconds from an answer to its comparison."
    elif not shadow["differ"]:
        yield f"Of {_count(compared, 'score')}, none would have another recommendation or grade."
    else:
        share = word_chance(shadow["differ"] / compared)
        yield (
            f"Of {_count(compared, 'score')}, {word_count(shadow['differ'])} ({share}) would have another"
            f" recommendation or grade: {_count_or_none(shadow['recommendations'])} another recommendation,"
            f" {_count_or_none(shadow['grades'])} another grade."
        )
    if compared:
        served, along = shadow["promoted"], shadow["shadow_promoted"]
        if served == along:
            yield f"It says “call now” as often as what is served: {_count(served, 'time')}."
        else:
            yield f"It says “call now” {_count(along, 'time')}, and what is served {_count(served, 'time')}."
        if shadow["moved"]:
            yield (
                f"{_count(shadow['moved'], 'score')} would have other points: by {shadow['mean_distance']:.1f} on the"
                f" average of all, and by {shadow['largest_distance']:.1f} at most."
            )
    if shadow["unknown_fields"]:
        names = ", ".join(shadow["unknown_fields"])
        yield f"The card that is served lacks fields that the shadow reads, so they are unknown to it: {names}."
    if shadow["left_out"]:
        yield f"{_count(shadow['left_out'], 'score')} left out: it counts other events, and these aren't stored."
    if shadow["failed"]:
        yield f"It gave no score to {_count(shadow['failed'], 'lead')}, the last time because of: {shadow['problem']}."


def write_shadow_text(shadow: Mapping[str, Any], *, ended: bool = False) -> str:
    """A shadow for the command line."""
    if shadow["kind"] == "none":
        return f"{NO_SHADOW} `leadledger releases shadow NAME` begins."
    moves = [
        f"  {move['what']:<14}  {move['before']} → {move['after']}  {word_count(move['scores'])}"
        for move in shadow["moves"]
    ]
    end = ["It is not scored along any more."] if ended else []
    return "\n".join([head_shadow(shadow), *list_shadow_sentences(shadow), *moves, *end])


def _count(number: int, what: str) -> str:
    return f"{word_count(number)} {what}{'' if number == 1 else 's'}"


def _count_or_none(number: int) -> str:
    return word_count(number) if number else "none"
