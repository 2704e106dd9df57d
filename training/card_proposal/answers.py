"""A proposed card with the answers of its owner: what was a comment becomes text, and what was to be decided goes."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import takewhile

from leadledger.scoring.card.card_scalars import write_scalar

_FIELD_NAME = re.compile(r"[a-z_][a-z0-9_]{0,99}")
_SEEN = re.compile(r" *# '.*': (all|[0-9,]+ of|empty)")  # what was seen in a column, in the comment above its field


def settle_format(text: str, field: str, form: str) -> str:
    """The card whose `field`, a comment until now, is read by a format; an empty one takes the field out."""
    lines = text.split("\n")
    place = _find(lines, f"  #{field}: ") if _FIELD_NAME.fullmatch(field) else -1
    if place < 0:
        return text
    start = _find_decision(lines, place)
    kept = [line for line in lines[start:place] if line]
    if not form:
        return "\n".join([*lines[:start], *lines[place + 1 :]])
    written = re.sub(
        r'format: ("(?:[^"\\]|\\.)*"|[^,}]*)', lambda _: f"format: {write_scalar(form)}", lines[place], count=1
    )
    return "\n".join([*lines[:start], *kept, written.replace("  #", "  ", 1), *lines[place + 1 :]])


def confirm_criteria(text: str, of_lead: Collection[str], of_opportunity: Collection[str]) -> str:
    """The card with the criteria that its owner confirms, by name, and that its stages require."""
    lines = text.split("\n")
    start = _find(lines, "#criteria:")
    confirmed = {*of_lead, *of_opportunity}
    if start < 0 or not confirmed:
        return text
    for place in range(start + 1, len(lines)):
        if not lines[place].startswith("  #"):
            break
        if lines[place][3:].partition(":")[0] in confirmed:
            lines[place] = lines[place].replace("  #", "  ", 1)
    lines[start] = "criteria:"
    del lines[_find_decision(lines, start) : start]
    for stage, names in (("lead", of_lead), ("opportunity", of_opportunity)):
        place = _find(lines, f"  - {{name: {stage}")
        if place >= 0 and names:
            lines[place] = lines[place].replace("}", f", requires: [{', '.join(names)}]}}", 1)
    note = _find(lines, "# Once the criteria are confirmed")
    if note >= 0:
        del lines[note : note + len(list(takewhile(lambda line: line.startswith("# "), lines[note:])))]
    return "\n".join(lines)


def drop_outcome(text: str) -> str:
    """The card without its outcome: it begins with rules alone. The outcome stays as a comment."""
    lines = text.split("\n")
    place = _find(lines, "outcome:")
    if place < 0:
        return text
    lines[place] = f"#{lines[place]}"
    for inner in range(place + 1, len(lines)):
        if not lines[inner].startswith("  "):
            break
        lines[inner] = lines[inner].replace("  ", "  #", 1)
    return "\n".join(lines)


def _find(lines: Sequence[str], start: str) -> int:
    """The first line that starts so; -1: there is none."""
    return next((place for place, line in enumerate(lines) if line.startswith(start)), -1)


def _find_decision(lines: list[str], place: int) -> int:
    """Where the decision above a line starts. Its own lines are emptied, what was seen in the column is left."""
    start = place
    while start > 0 and lines[start - 1].lstrip().startswith("# "):
        start -= 1
        if "# DECIDE: " in lines[start]:
            seen = next((at for at in range(start, place) if _SEEN.match(lines[at])), place)
            for at in range(start, seen):
                lines[at] = ""
            return start
    return place
