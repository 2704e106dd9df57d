"""How good a release is, in words, whatever its metrics hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.api.pages.releases.measures import Measures
from leadledger.api.pages.releases.quality import ReleaseQuality, word_quality
from leadledger.api.pages.releases.release_view import view_release

SAID = "at least 70% of the promoted become opportunities, with 90% confidence: 122 of 162 did"
MEASURED: dict[str, Any] = {
    "verdict": {"said": "Use the scores with care: it drifts", "doubts": [{"said": "it drifts"}]},
    "promises": {
        "opportunity": {"kind": "precision", "line": 79.6, "asked_precision": 0.7, "confidence": 0.9, "said": SAID}
    },
    "held_out": {"leadledger": {"leads": 4487, "won": 430, "log_loss": 0.18356, "auc": 0.9243, "slope": 1.03}},
    "lift": [{"share": 0.1, "found": 0.574}],
}


def test_a_measured_release_says_what_it_promises() -> None:
    """The verdict first, then the promise and its proof; measures stand by themselves."""
    assert word_quality(Measures(MEASURED)) == ReleaseQuality(
        "Use the scores with care.",
        ("At least 70\u00a0% of the calls come true, with 90\u00a0% confidence",),
        ("122 of 162 did.",),
        ("It drifts.",),
        (
            ("Judged by", "4,487 leads that it had not seen, 430 of which became one"),
            ("The best tenth", "holds 57\u00a0% of all opportunities"),
            ("Log-loss, lower is better", "0.1836"),
            ("AUC, 0.5 is chance", "0.9243"),
            ("Calibration slope, 1 is perfect", "1.03"),
        ),
    )


@pytest.mark.parametrize(
    ("metrics", "headline"),
    [
        ({}, "Rules alone: nothing was learned, so nothing is promised."),
        ({"auc": 0.7}, "Nothing was measured."),
        ({"said": "The rules were edited."}, "The rules were edited."),
        ({"recalibrated_from": "2026-01-01-001"}, "The release 2026-01-01-001, with the rate of newer leads."),
    ],
)
def test_other_releases_say_what_they_are(metrics: dict[str, Any], headline: str) -> None:
    """Rules alone, edited rules, another base rate, or metrics of another version."""
    assert word_quality(Measures(metrics)).headline == headline


def test_several_promises_name_their_stages() -> None:
    """A promise by capacity says from how many points to call, and one that can't be made says so."""
    promises = {"lead": {"kind": "capacity", "line": -3.5, "said": "a"}, "opportunity": {"line": None, "said": "b"}}
    assert word_quality(Measures({"promises": promises})).promises == (
        "lead: Call from −3.5 points",
        "opportunity: No threshold holds a promise: call the best leads first",
    )


names = st.sampled_from(
    [*MEASURED, "said", "audit", "rules", "grades", "scores", "trust", "leads", "line", "leadledger", "finding", "low"]
)
anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(names, parts, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(names, anything, max_size=6), st.dictionaries(st.text(max_size=5), anything, max_size=3))
def test_no_metrics_break_a_page(metrics: dict[str, Any], provenance: dict[str, Any]) -> None:
    """Whatever a release of another version holds, its page is made, and leaves out what it can't read."""
    shown = {"name": "n", "card": "c", "note": "", "created": "2026-01-01T00:00:00+00:00", "current": False}
    view_release({**shown, "files": {}, "metrics": metrics, "provenance": provenance})
