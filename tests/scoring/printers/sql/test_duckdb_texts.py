"""Texts that DuckDB's own functions read otherwise than Python."""

from __future__ import annotations

import duckdb
import pytest

from leadledger.scoring.printers.sql.dialects.duckdb import fold
from leadledger.scoring.text_forms import all_letters
from leadledger.scoring.text_forms import fold as fold_by_python


@pytest.mark.parametrize(
    "text", ["\0㣊", "x\0㣊", "㣊\0", "e\u0301\0E\u0301", "\0\u0301é", "é\0\0\0É", "É", "\0", "a\0B"]
)
def test_a_nul_ends_no_text(text: str) -> None:
    """What follows a NUL is compared, too."""
    ((folded,),) = duckdb.execute(f"SELECT {fold('v', all_letters())} FROM (SELECT ? AS v)", [text]).fetchall()
    assert folded == fold_by_python(text)
