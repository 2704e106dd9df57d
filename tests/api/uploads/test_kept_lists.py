"""Lists that somebody sent: private, forgotten after an hour, and in nobody's way."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.api.uploads.kept_lists import LONGEST_NAME, MOST_KEPT, SECONDS_KEPT, UPLOADS, KeptLists, make_file_name
from leadledger.scoring.errors import DataError


def test_a_list_is_found_by_its_token_alone(tmp_path: Path) -> None:
    """Its folder and file are for the service's user only; another token finds nothing."""
    lists = KeptLists(tmp_path)
    kept = lists.keep("../../My leads.csv", b"a\n1\n")
    assert kept.path == tmp_path / UPLOADS / kept.token / "My-leads.csv"
    assert kept.path.read_bytes() == b"a\n1\n"
    assert kept.path.stat().st_mode & 0o777 == 0o600
    assert kept.path.parent.stat().st_mode & 0o777 == 0o700
    assert lists.find(kept.token) == kept
    for token in ("", "..", "0" * 32, f"../{UPLOADS}/{kept.token}", kept.token.upper() + "x"):
        assert lists.find(token) is None
        lists.discard(token)
    assert lists.find(kept.token) == kept
    lists.discard(kept.token)
    assert lists.find(kept.token) is None
    assert list((tmp_path / UPLOADS).iterdir()) == []


def test_old_lists_are_forgotten(tmp_path: Path) -> None:
    """The next list that arrives clears them away; too many at once are refused."""
    lists = KeptLists(tmp_path)
    first = lists.keep("a.csv", b"")
    for _ in range(MOST_KEPT - 1):
        lists.keep("a.csv", b"")
    with pytest.raises(DataError, match="10 lists are being worked on already; try again in a few minutes"):
        lists.keep("a.csv", b"")
    past = time.time() - SECONDS_KEPT - 1
    os.utime(first.path.parent, (past, past))
    lists.keep("a.csv", b"")
    assert lists.find(first.token) is None


def test_a_home_that_cannot_be_written_to(tmp_path: Path) -> None:
    """It is named in words."""
    (tmp_path / UPLOADS).write_bytes(b"")
    with pytest.raises(DataError, match="the list can't be kept: "):
        KeptLists(tmp_path).keep("a.csv", b"")


@given(st.text(max_size=200))
def test_names_are_harmless(text: str) -> None:
    """No folder, no sign that means something to a system, and never empty."""
    name = make_file_name(text)
    assert 0 < len(name) <= LONGEST_NAME
    assert name.isascii()
    assert not set(name) & set("/\\\0 \"'<>|")
    assert not name.startswith((".", "-"))
