"""Printed code is reviewed as a diff: it changes only together with the files under tests/cases/printed."""

from __future__ import annotations

import pytest

from tests.golden_files import FOLDER, printed


@pytest.mark.parametrize("name", printed())
def test_printed_code_is_as_reviewed(name: str) -> None:
    """`make printed` rewrites the file; read the difference as you would read code."""
    assert (FOLDER / name).read_text("utf-8") == printed()[name]
