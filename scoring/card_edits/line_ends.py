"""Line ends and the byte order mark of a card, which a page's text box doesn't keep."""

from __future__ import annotations

import re
from itertools import takewhile

BYTE_ORDER_MARK = "\ufeff"
_LINE = re.compile("[^\r\n]*(?:\r\n|\r|\n|$)")


def keep_line_ends(old: str, new: str) -> str:
    """A text with the line ends, and the mark at its start, of the text that it replaces.

    Lines that both have at the start or at the end stay as they are, the others end as the first line of the old does.
    """
    mark = BYTE_ORDER_MARK if old.startswith(BYTE_ORDER_MARK) else ""
    old_lines, new_lines = (_LINE.findall(text.removeprefix(BYTE_ORDER_MARK)) for text in (old, new))
    head = _count_shared(old_lines, new_lines)
    tail = _count_shared(old_lines[head:][::-1], new_lines[head:][::-1])
    end = _find_end(old_lines[0]) or _find_end(new_lines[0])
    changed = new_lines[head : len(new_lines) - tail]
    middle = [line.rstrip("\r\n") + end if _find_end(line) else line for line in changed]
    return mark + "".join([*old_lines[:head], *middle, *old_lines[len(old_lines) - tail :]])


def _count_shared(old: list[str], new: list[str]) -> int:
    """How many lines two texts share from the start, whatever their ends."""
    same = (
        first.rstrip("\r\n") == second.rstrip("\r\n") and bool(_find_end(first)) == bool(_find_end(second))
        for first, second in zip(old, new, strict=False)
    )
    return sum(1 for _ in takewhile(bool, same))


def _find_end(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]
