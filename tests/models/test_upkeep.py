"""What a release needs: nothing, another base rate, or training, told apart by the outcomes of newer leads."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from leadledger.models.upkeep import Upkeep, find_last_learned, measure_upkeep


def draw(seed: int, level: float = 0.0, slope: float = 1.0, leads: int = 2000) -> Upkeep:
    """Leads whose true log-odds are the predicted ones (-2 on average), times a slope, and moved by a level."""
    random = np.random.default_rng(seed)
    log_odds = random.normal(-2, 1, leads)
    won = random.random(leads) < 1 / (1 + np.exp(-(-2 + slope * (log_odds + 2) + level)))
    upkeep = measure_upkeep((1 / (1 + np.exp(-log_odds))).tolist(), won.tolist())
    assert upkeep is not None
    return upkeep


@pytest.mark.slow
def test_chance_alone_advises_little() -> None:
    """Each of the two tests errs in one draw of twenty at most."""
    advice = [draw(seed).advice for seed in range(400)]
    assert advice.count("recalibrate") <= 28
    assert advice.count("train") <= 28


def test_a_rate_that_moved_asks_for_recalibration() -> None:
    """Odds that fall by a third are found, the slope stays, and the sentence has the figures and the cure."""
    upkeeps = [draw(seed, level=-0.4) for seed in range(40)]
    assert sum(upkeep.advice == "recalibrate" for upkeep in upkeeps) >= 34
    assert upkeeps[0].sentence == (
        "The rate has moved: of the 2,000 newest leads that it has not learned from, 226 became opportunities and 305"
        " were predicted to, 5.2 standard errors apart. `leadledger recalibrate HISTORY`, with a history that has these"
        " leads, mends it."
    )


def test_scores_that_fit_no_more_ask_for_training() -> None:
    """Where the slope is off, or nothing ranks any more, another rate is no cure, also if the rate moved as well."""
    assert [draw(seed, level=-0.4, slope=0.5).advice for seed in range(20)] == ["train"] * 20
    assert [draw(seed, slope=1.6).advice for seed in range(20)] == ["train"] * 20
    without = draw(3, slope=0.0)
    assert without.advice == "train"
    assert without.sentence == (
        "The scores no longer fit: of the 2,000 newest leads that it has not learned from, 274 became opportunities and"
        " 316 were predicted to, and the probabilities are too bold (calibration slope -0.03, 16.9 standard errors from"
        " 1). Another base rate doesn't mend that: train again with `leadledger train`."
    )


def test_nothing_to_mend() -> None:
    """The sentence says that chance explains the difference."""
    assert draw(0).sentence == (
        "The rate is as predicted: of the 2,000 newest leads that it has not learned from, 300 became opportunities and"
        " 305 were predicted to; chance explains the difference."
    )


def test_too_few_tell_nothing() -> None:
    """Twenty of either outcome are needed, as for recalibration."""
    assert measure_upkeep([0.1] * 200, [True] * 19 + [False] * 181) is None
    assert measure_upkeep([], []) is None
    assert measure_upkeep([0.1] * 200, [True] * 20 + [False] * 180) is not None


@pytest.mark.parametrize("p", [0.0, 1.0, 1e-300, 0.5])
def test_a_constant_forecast(p: float) -> None:
    """It has no slope, and no error where it leaves nothing to chance."""
    upkeep = measure_upkeep([p] * 100, [True] * 50 + [False] * 50)
    assert upkeep is not None
    assert upkeep.slope == pytest.approx(1.0)


def test_up_to_which_day_leads_were_learned_from() -> None:
    """The newest lead of the history, else the day of the release, else nobody knows."""
    assert find_last_learned("2026-03-01-001", {"newest_lead": "2025-12-31"}) == date(2025, 12, 31)
    assert find_last_learned("2026-03-01-001", {"newest_lead": None}) == date(2026, 3, 1)
    assert find_last_learned("best", {}) is None
