"""Marks of the scores in the book: whether a lead's row is still the one that was written somewhere else."""

from __future__ import annotations

from leadledger.api.log.book_rows import BookRow


def make_mark(row: BookRow) -> str:
    """The mark of the score that a row of the book holds: another after each score, also after one by `rescore`."""
    return row.score_id + row.at
