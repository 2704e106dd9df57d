"""Two texts line by line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leadledger.api.studio.text_difference import MOST_LINES, ComparedLine, TextDifference, compare_texts

lines = st.lists(st.sampled_from(["a", "b", "c", "  d", ""]), max_size=30)


@given(lines, lines)
def test_the_difference_makes_one_text_of_the_other(old: list[str], new: list[str]) -> None:
    """Each line is numbered as in its text, and nothing that differs is left out."""
    difference = compare_texts("\n".join(old), "\n".join(new))
    was, now = "\n".join(old).splitlines(), "\n".join(new).splitlines()
    for line in difference.lines:
        if line.change != "skipped":
            assert not line.old or was[line.old - 1] == line.text
            assert not line.new or now[line.new - 1] == line.text
    removed = {line.old for line in difference.lines if line.change == "removed"}
    added = {line.new for line in difference.lines if line.change == "added"}
    kept = [
        [text for number, text in enumerate(text_lines, 1) if number not in gone]
        for text_lines, gone in ((was, removed), (now, added))
    ]
    assert kept[0] == kept[1]
    assert (difference.removed, difference.added) == (len(removed), len(added))


def test_lines_that_are_alike_are_counted() -> None:
    """Three lines stand around a change, and the others are one line that says how many they are."""
    old = "\n".join("abcdefgh")
    assert compare_texts(old, old.replace("f", "x")) == TextDifference(
        (
            ComparedLine("skipped", 0, 0, "", 2),
            ComparedLine("same", 3, 3, "c"),
            ComparedLine("same", 4, 4, "d"),
            ComparedLine("same", 5, 5, "e"),
            ComparedLine("removed", 6, 0, "f"),
            ComparedLine("added", 0, 6, "x"),
            ComparedLine("same", 7, 7, "g"),
            ComparedLine("same", 8, 8, "h"),
        ),
        1,
        1,
    )


def test_texts_without_end_are_not_compared() -> None:
    """It would take too long."""
    text = "a\n" * (MOST_LINES + 1)
    assert compare_texts(text, text + "b") == TextDifference((), 0, 0, True)
    assert compare_texts(text, text) == TextDifference((), 0, 0, False)
