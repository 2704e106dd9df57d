"""Naive Bayes as in Odoo, held to numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.odoo_bayes import fit

# Ten leads, four won. `source` is missing for one of either kind.
WON = np.array([True] * 4 + [False] * 6)
SOURCE = ["web", "web", "fair", None, "web", "fair", "fair", "fair", "fair", None]


@pytest.fixture
def leads() -> pd.DataFrame:
    """One text and one flag."""
    demo = pd.array([True, True, False, None, False, False, True, None, False, False], dtype="boolean")
    return pd.DataFrame({"source": pd.Series(SOURCE, dtype=object), "demo": demo})


def test_one_field(leads):
    """P(web | won) is 2.1 of 3.2 and P(web | lost) 1.1 of 5.2: leads without a source are not in the totals."""
    predicted = fit(leads[["source"]], WON).predict(pd.DataFrame({"source": ["web", "fair"]}, dtype=object))
    web = 4.1 * (2.1 / 3.2), 6.1 * (1.1 / 5.2)
    fair = 4.1 * (1.1 / 3.2), 6.1 * (4.1 / 5.2)
    assert predicted == pytest.approx([round(won / (won + lost), 4) for won, lost in (web, fair)])
    assert predicted[0] == pytest.approx(0.6759, abs=1e-9)


def test_fields_multiply(leads):
    """Each field multiplies both scores; a flag is a value like any other."""
    lead = pd.DataFrame({"source": pd.Series(["web"], dtype=object), "demo": pd.array([True], dtype="boolean")})
    won = 4.1 * (2.1 / 3.2) * (2.1 / 3.2)
    lost = 6.1 * (1.1 / 5.2) * (1.1 / 5.2)
    assert fit(leads, WON).predict(lead) == pytest.approx([round(won / (won + lost), 4)])


def test_missing_and_unseen_say_nothing(leads):
    """A missing value, and one that was never seen, leave the share of won leads: 4.1 of 10.2."""
    lead = pd.DataFrame({"source": [None, "radio"]}, dtype=object)
    assert fit(leads[["source"]], WON).predict(lead) == pytest.approx([0.4020, 0.4020])


def test_limits():
    """A value that decides all stays within 0.01 and 99.99 percent."""
    sure = pd.DataFrame({f"field{i}": pd.Series(["a"] * 50 + ["b"] * 50, dtype=object) for i in range(3)})
    predicted = fit(sure, np.repeat([True, False], 50)).predict(sure)
    assert predicted[0] == pytest.approx(0.9999)
    assert predicted[-1] == pytest.approx(0.0001)


def test_numbers_become_tenths():
    """A number becomes the tenth of the history in which it lies; beyond the ends it is in the first or the last."""
    history = pd.DataFrame({"budget": np.arange(100.0)})
    won = np.arange(100) >= 90
    predicted = fit(history, won).predict(pd.DataFrame({"budget": [-5.0, 50.0, 95.0, 1e9, np.nan]}))
    assert predicted[0] == predicted[1] < 0.01
    assert predicted[2] == predicted[3]
    high = 10.1 * (10.1 / 11.0), 90.1 * (0.1 / 91.0)
    assert predicted[2] == pytest.approx(high[0] / sum(high), abs=5e-5)
    assert predicted[4] == pytest.approx(10.1 / 100.2, abs=5e-5)
