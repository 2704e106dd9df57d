"""Records show themselves in a notebook, with everything escaped."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from leadledger.scoring.errors import Suspect
from leadledger.training.evidence.drift import drift
from leadledger.training.evidence.leakage import Leakage
from leadledger.training.evidence.maturity import maturity
from leadledger.training.notebook import shown, table


def test_text_is_escaped() -> None:
    """A name from a file can't become HTML, in the head, in a cell, in the title or in the sentence."""
    evil = "<script>"
    made = table([{evil: evil}], evil, evil)
    assert evil not in made
    assert made.count("&lt;script&gt;") == 4


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "–"), (True, "yes"), (False, "no"), (12345, "12,345"), (0.123456, "0.1235"), ("a", "a")],
)
def test_values_are_words(value: object, words: str) -> None:
    """A dash for what isn't there, thousands apart, four digits that count."""
    assert shown(value) == words


def test_records_show_themselves() -> None:
    """The gate, the maturity curve and the drift are tables with their sentence."""
    suspect = Suspect("closed", "name", "written after the fact", "closed: {kind: date, learn: no}")
    assert "written after the fact" in Leakage(("closed", "need"), (suspect,))._repr_html_()
    waited = maturity(np.arange(200), np.arange(200) % 3 == 0, 90)
    assert waited is not None
    assert waited.said.split(":")[0] in waited._repr_html_()
    frame = pd.DataFrame({"a": np.arange(100.0)})
    moved = drift(frame, frame + 50, {}, {}, np.arange(100), np.arange(100))
    assert "<td>field</td><td>a</td>" in moved._repr_html_()
