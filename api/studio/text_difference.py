"""Two texts line by line: what was taken out, what came in, and a few lines around it."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, TypeAlias

LINES_AROUND = 3  # alike lines that are shown before and after a change
MOST_LINES = 20_000  # of a text that is compared; a card of any use has a few hundred

LineChange: TypeAlias = Literal["same", "added", "removed", "skipped"]


@dataclass(frozen=True)
class ComparedLine:
    """A line of either text, or of both; the numbers count from 1, 0: the text has no such line.

    `skipped` stands for lines that are alike: `alike` says how many.
    """

    change: LineChange
    old: int
    new: int
    text: str
    alike: int = 0

    @property
    def words(self) -> str:
        """The text, or what is left out."""
        return f"{self.alike:,} line{'' if self.alike == 1 else 's'} alike" if self.alike else self.text


@dataclass(frozen=True)
class TextDifference:
    """The lines to show, and how many lines one text has that the other lacks. No lines: the texts are the same."""

    lines: tuple[ComparedLine, ...]
    added: int
    removed: int
    is_too_long: bool = False


def compare_texts(old: str, new: str) -> TextDifference:
    """Compare two texts line by line."""
    was, now = old.splitlines(), new.splitlines()
    if max(len(was), len(now)) > MOST_LINES:
        return TextDifference((), 0, 0, old != new)
    matcher = SequenceMatcher(None, was, now, autojunk=False)
    lines: list[ComparedLine] = []
    added = removed = 0
    for group in matcher.get_grouped_opcodes(LINES_AROUND):
        first = group[0][1]
        last = lines[-1].old if lines else 0
        if first > last:
            lines.append(ComparedLine("skipped", 0, 0, "", first - last))
        for tag, old_start, old_end, new_start, new_end in group:
            if tag == "equal":
                lines += [
                    ComparedLine("same", i + 1, j + 1, was[i])
                    for i, j in zip(range(old_start, old_end), range(new_start, new_end), strict=True)
                ]
                continue
            removed += old_end - old_start
            added += new_end - new_start
            lines += [ComparedLine("removed", i + 1, 0, was[i]) for i in range(old_start, old_end)]
            lines += [ComparedLine("added", 0, j + 1, now[j]) for j in range(new_start, new_end)]
    return TextDifference(tuple(lines), added, removed)
