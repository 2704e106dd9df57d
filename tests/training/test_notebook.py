"""Records show themselves in a notebook, with everything escaped; and the verbs are where they are looked for."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import training
from training.drift import drift
from training.leakage import Leakage, Suspect
from training.maturity import maturity
from training.notebook import shown, table


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


def test_the_verbs() -> None:
    """They are sorted, each is there, and the package alone loads no learning library."""
    assert training.__all__ == sorted(training.__all__)
    assert all(callable(getattr(training, name)) for name in training.__all__)
    with pytest.raises(AttributeError, match="module 'training' has no attribute 'nonsense'"):
        _ = training.nonsense
    heavy = "import sys, training; sys.exit(any(one in sys.modules for one in ('sklearn', 'pandas', 'scipy')))"
    assert subprocess.run([sys.executable, "-c", heavy], check=False).returncode == 0
