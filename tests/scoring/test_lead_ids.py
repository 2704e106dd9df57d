"""Ids of leads: which two spellings are one id."""

from __future__ import annotations

import pytest

from leadledger.scoring.lead_ids import find_id_key, list_spellings


@pytest.mark.parametrize(
    ("lead_id", "spellings"),
    [
        ("0015000000Gv7qJ", ("0015000000Gv7qJ", "0015000000Gv7qJAAR")),
        ("0015000000Gv7qJAAR", ("0015000000Gv7qJAAR", "0015000000Gv7qJ")),
        ("0015000000Gv7qJAAQ", ("0015000000Gv7qJAAQ",)),
        ("00QWU000004xYZa", ("00QWU000004xYZa", "00QWU000004xYZa2AM")),
        ("L-1", ("L-1",)),
        ("", ("",)),
    ],
)
def test_spellings(lead_id: str, spellings: tuple[str, ...]) -> None:
    """Salesforce's ids of 15 and of 18 signs are one, where the checksum says so."""
    assert list_spellings(lead_id) == spellings
    assert len({find_id_key(spelling) for spelling in spellings}) == 1
