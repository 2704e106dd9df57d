"""The journal of a home: every change of the current release, whoever was killed when."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from leadledger.models.releases.journal import JOURNAL_FILE, JournalEntry, append_entry, read_journal

FIRST = JournalEntry("2026-01-01T00:00:00+00:00", "Lena", "published", "a", "", "new\nrules \u202e")
SECOND = JournalEntry("2026-01-02T00:00:00+00:00", "", "chosen", "b", "a", "")


def test_entries_come_back(tmp_path: Path) -> None:
    """What was written is read, in its order; without a journal there is nothing."""
    assert read_journal(tmp_path, None) == ()
    append_entry(tmp_path, FIRST)
    append_entry(tmp_path, SECOND)
    assert read_journal(tmp_path, "b") == (FIRST, SECOND)


def test_a_change_that_was_not_made(tmp_path: Path) -> None:
    """An entry after which the same release was current as before did not happen; one that another way undid did."""
    append_entry(tmp_path, FIRST)
    append_entry(tmp_path, SECOND)
    assert read_journal(tmp_path, "a") == (FIRST, replace(SECOND, happened=False))
    assert read_journal(tmp_path, "c") == (FIRST, SECOND)
    append_entry(tmp_path, replace(SECOND, by="Mads"))
    assert [entry.happened for entry in read_journal(tmp_path, "b")] == [True, False, True]


@pytest.mark.parametrize("torn", [b'{"at": "2026', b"[]", b"\xff\xfe", b"null", b'{"at": 1}'])
def test_a_torn_line_costs_no_other(tmp_path: Path, torn: bytes) -> None:
    """A line that a loss of power has cut off is left out, and the next entry stands on a line of its own."""
    append_entry(tmp_path, FIRST)
    with (tmp_path / JOURNAL_FILE).open("ab") as stream:
        stream.write(torn)
    append_entry(tmp_path, SECOND)
    assert read_journal(tmp_path, "b") == (FIRST, SECOND)
