"""The releases that a new one is compared with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leadledger.api.cli.examples import find_examples
from leadledger.models.releases.store import Releases
from leadledger.scoring.scorecard import Learned
from leadledger.training.runs.earlier_releases import name_measure, open_earlier

CARD = (find_examples() / "b2b-software" / "card.yaml").read_text("utf-8")


def publish(releases: Releases, **metrics: Any) -> str:
    """A release of rules alone with these metrics, made current."""
    return releases.publish(CARD, Learned(), metrics=metrics, provenance={}, created=datetime(2026, 1, 1, tzinfo=UTC))


def test_the_best_so_far_is_opened_beside_the_current_one(tmp_path: Path) -> None:
    """It is the one that the current release names; the current one alone where it names none, or one that is gone."""
    releases = Releases(tmp_path)
    assert open_earlier(releases) is None
    first = publish(releases)
    earlier = open_earlier(releases)
    assert earlier is not None
    assert (earlier.current.release, earlier.best) == (first, None)
    second = publish(releases, comparison={"worse": False, "measure": first})
    earlier = open_earlier(releases)
    assert earlier is not None
    assert earlier.best is not None
    assert (earlier.current.release, earlier.best.release) == (second, first)
    publish(releases, comparison={"worse": False, "measure": "2020-01-01-001"})
    earlier = open_earlier(releases)
    assert earlier is not None
    assert earlier.best is None


@pytest.mark.parametrize(
    ("metrics", "name"),
    [
        ({}, ""),
        ({"comparison": {"worse": False}}, ""),
        ({"comparison": {"worse": False, "measure": "a"}}, "a"),
        ({"comparison": {"worse": True, "measure": "a"}}, ""),
    ],
)
def test_the_measure_of_a_release(metrics: dict[str, Any], name: str) -> None:
    """A release that was held back, and is current all the same, is the measure from then on."""
    assert name_measure(metrics) == name
