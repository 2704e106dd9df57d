"""The benchmarks of prediction quality, in the small: the printed tables are right, whatever learner wins."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from benchmarks import learning_curve, quality, real_sets, stacked
from benchmarks.__main__ import main
from benchmarks.kept_aside import ONCE
from benchmarks.learners import LEARNERS, MODULES, TITLES, absent
from benchmarks.quality import LearnerQuality, SetQuality, bootstrap, lead_losses, lines, measure
from benchmarks.real_sets import SETS, RealSet
from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.scoring.card.reader import parse_card, read_card
from leadledger.training.history_reader import read_history

CARD = read_card(find_examples() / "b2b-software" / "card.yaml")
QUICK = ("rules", "logistic", "odoo")


@pytest.fixture(scope="module")
def simulated() -> RealSet:
    """Six hundred simulated leads with dates."""
    return RealSet("simulated", CARD, read_history(CARD, load_simulator().simulate(600, seed=7)))


@pytest.fixture
def undated(simulated: RealSet) -> RealSet:
    """The same leads as if they had no dates."""
    return replace(simulated, history=replace(simulated.history, days=None))


def test_cuts_in_time_learn_from_the_past(simulated: RealSet) -> None:
    """The first cut holds out the newest 30 %; no cut learns from a lead that is newer than one that it judges by."""
    assert simulated.ordered
    days = simulated.history.days
    assert days is not None
    cuts = list(simulated.splits(9))
    assert len(cuts) == 4
    assert cuts[0][1][-1] == len(days) - 1
    for older, held in cuts:
        assert days[older].max() <= days[held].min()
        assert len(held) == pytest.approx(0.3 * len(days), abs=1)


def test_random_splits_are_stratified(undated: RealSet) -> None:
    """Without days, each split holds out another 30 %, with the same share of opportunities."""
    parts = list(undated.splits(2))
    won = undated.history.won
    assert not np.array_equal(parts[0][1], parts[1][1])
    for older, held in parts:
        assert np.array_equal(np.sort(np.concatenate([older, held])), np.arange(len(won)))
        assert won[held].mean() == pytest.approx(won.mean(), abs=1 / len(held))


@pytest.mark.slow
def test_measures_are_means_over_the_splits(undated: RealSet) -> None:
    """The log-loss is the mean over splits, the difference is to the first learner, inside its interval."""
    table = measure(undated, ["logistic", "rules", "odoo"], 2)
    won, expected = undated.history.won, []
    for number, (older, held) in enumerate(undated.splits(2)):
        expected.append(log_loss(won[held], LEARNERS["rules"](undated, older, number)(held)))
    first, rules, odoo = table.rows
    assert rules.log_loss == pytest.approx(np.mean(expected))
    assert (first.above, first.low, first.high) == (0, 0, 0)
    for row in (rules, odoo):
        assert row.above == pytest.approx(row.log_loss - first.log_loss)
        assert row.low < row.above < row.high
        assert row.fit >= 0
        assert row.predict >= 0
    assert (table.leads, table.splits, table.way) == (len(won), 2, "stratified")
    assert json.loads(json.dumps(table.to_dict()))["rows"][1]["learner"] == "rules"


def test_bootstrap_is_as_wide_as_theory_says() -> None:
    """Of 400 differences that vary by 1, the interval of their mean is about 1.96 / 20 to either side."""
    random = np.random.default_rng(1)
    differences = random.standard_normal((400, 1)) / 400
    low, high = bootstrap(differences)
    assert (high - low)[0] == pytest.approx(2 * 1.96 / 20, rel=0.15)
    assert low[0] < differences.sum() < high[0]


def test_lead_losses_add_up_to_log_loss() -> None:
    """Their mean is the log-loss, and a sure mistake costs no more than the smallest probability allows."""
    won, probability = np.array([True, False, False]), np.array([0.8, 0.1, 0.4])
    assert lead_losses(won, probability).mean() == pytest.approx(log_loss(won, probability))
    assert lead_losses(np.array([True]), np.array([0.0]))[0] == pytest.approx(-np.log(1e-7))


def test_table_fits_and_says_who_is_best() -> None:
    """A table is at most 100 columns wide; its last line names the best of the others and the distance to it."""
    rows = [
        LearnerQuality(name, 0.3 + 0.01 * place, 0.29, 0.32, 0.001, 0.01 * place, 0, 0.02, 0.7, 0.1, 123.4, 12.3)
        for place, name in enumerate(TITLES)
    ]
    table = SetQuality("online_shoppers", 123_456, 0.155, 16, 10, "stratified", tuple(rows))
    printed = list(lines(table))
    assert max(map(len, printed)) <= 100
    assert len(printed) == 3 + len(TITLES)
    assert printed[-1] == "ours is 0.0300 below the best other, rules alone: within 0.002"


def test_seeds_are_apart_on_the_same_split() -> None:
    """Their spread is pooled within splits, so that splits that differ don't count; one seed has none."""
    assert quality.seed_error([[0.30, 0.32], [0.50, 0.52]]) == pytest.approx(0.02 / np.sqrt(2))
    assert quality.seed_error([[0.30], [0.50]]) is None


def test_only_learners_with_a_seed_are_fitted_again(undated: RealSet) -> None:
    """The same again with another seed is not worth the time."""
    table = measure(undated, ["rules", "odoo"], 1, seeds=3)
    assert [row.seed_error for row in table.rows] == [None, None]
    for row in table.rows:
        assert row.loss_low < row.log_loss < row.loss_high


def test_looks_at_the_sets_kept_aside_are_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With `--once` each run says how often the set was looked at; the number is kept outside the project."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(real_sets, "DATA", tmp_path)
    (tmp_path / "once").mkdir()
    random = np.random.default_rng(0)
    leads = [f"{recency},a,{10 * recency},1,0,Urban,1,Web,none,{random.integers(2)}" for recency in range(1, 13)] * 5
    monkeypatch.setattr(quality, "measure", lambda *given: SetQuality("hillstrom", 60, 0.5, 9, 1, "stratified", ()))
    header = "recency,history_segment,history,mens,womens,zip_code,newbie,channel,segment,visit"
    (tmp_path / "once" / "hillstrom.csv").write_text("\n".join([header, *leads]), "utf-8")
    for times in ("once", "2 times"):
        quality.main(["--once", "--sets", "hillstrom", "--learners", "rules", "--splits", "1", "--json"])
        assert f"hillstrom: looked at {times}\n" in capsys.readouterr().err
    for name, text in ONCE.items():
        assert parse_card(text).name == name.replace("_", "-")


@pytest.mark.slow
@pytest.mark.parametrize("name", LEARNERS)
def test_learners_foresee(undated: RealSet, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each learner gives every lead a probability, and orders the leads much better than chance."""
    monkeypatch.setattr(stacked, "SECONDS", 20.0)
    if absent(name):
        pytest.skip(absent(name))
    if name == "ebm":  # it fits fourteen bags, which takes half a minute
        two_bags = partial(import_module("interpret.glassbox").ExplainableBoostingClassifier, outer_bags=2)
        monkeypatch.setattr("interpret.glassbox.ExplainableBoostingClassifier", two_bags)
    older, held = next(undated.splits(1))
    predicted = LEARNERS[name](undated, older, 0)(held)
    assert predicted.shape == held.shape
    assert ((predicted >= 0) & (predicted <= 1)).all()
    assert roc_auc_score(undated.history.won[held], predicted) > 0.65


def test_too_few_outcomes_leave_the_rules(undated: RealSet) -> None:
    """As in `train`, fewer than ten opportunities teach nothing: the odds double with ten points, as declared."""
    won = undated.history.won
    older = np.concatenate([np.flatnonzero(won)[:9], np.flatnonzero(~won)[:200]])
    held = np.arange(len(won))
    predicted = LEARNERS["ours"](undated, older, 0)(held)
    odds = predicted / (1 - predicted)
    assert CARD.base_rate is not None
    assert odds == pytest.approx(CARD.base_rate / (1 - CARD.base_rate) * 2 ** (undated.history.rules / 100), rel=1e-9)


def test_absent_learners_are_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A learner that is not installed is skipped, with a message on standard error."""
    monkeypatch.setitem(MODULES, "catboost", "no_such_module")
    assert quality.is_absent("catboost")
    assert "CatBoost is skipped: no_such_module is not installed" in capsys.readouterr().err


def test_absent_sets_are_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    """A set whose files are absent is skipped, with a message, and the rest goes on."""
    monkeypatch.setattr(real_sets, "DATA", tmp_path)
    quality.main(["--json"])
    out, err = capsys.readouterr()
    assert json.loads(out) == []
    for name in SETS:
        assert f"{name} is skipped: the real data is not shipped" in err


@pytest.mark.skipif(
    not (real_sets.DATA / "olist_funnel").is_dir(), reason=f"the real data would be in {real_sets.DATA}"
)
def test_olist_is_joined_as_its_readme_says() -> None:
    """6,197 leads old enough to judge, in the order of their days, on two fields."""
    olist = real_sets.load("olist")
    assert olist is not None
    assert olist.ordered
    assert len(olist.history) == olist.history.counts.used == 6_197
    assert list(olist.history.frame) == ["landing_page", "origin"]


def test_draws_judge_by_the_rest(undated: RealSet) -> None:
    """A draw is of the size asked for, another each time, and nothing of it is judged by."""
    won = undated.history.won
    kept, held = learning_curve.drawn(won, 100, 0)
    again, _ = learning_curve.drawn(won, 100, 0)
    next_draw, _ = learning_curve.drawn(won, 100, 1)
    assert len(kept) == 100
    assert len(held) == len(won) - 100
    assert not set(kept) & set(held)
    assert np.array_equal(kept, again)
    assert not np.array_equal(kept, next_draw)


def test_summary_of_draws() -> None:
    """Differences are paired by draw: ours 0.1 below the rules each time is certain, however much draws differ."""
    rules = np.array([0.3, 0.5, 0.9])
    losses = np.column_stack([rules - 0.1, rules, rules - np.array([0.1, 0.2, 0.3])])
    size = learning_curve.summary(["ours", "rules", "logistic"], 100, losses)
    assert size.less_rules == pytest.approx(-0.1)
    assert size.less_rules_error == pytest.approx(0, abs=1e-12)
    assert size.best == "logistic"
    assert size.less_best == pytest.approx(0.1)
    assert size.less_best_error == pytest.approx(0.1 / np.sqrt(3))


@pytest.mark.slow
def test_curve_of_a_set(undated: RealSet) -> None:
    """Two sizes, two draws; a size above half of the set is left out; at most 100 columns."""
    curve = learning_curve.measure(undated, ["ours", "rules", "logistic"], [60, 120, 5000], 2)
    assert [size.leads for size in curve.sizes] == [60, 120]
    printed = list(learning_curve.lines(curve))
    assert max(map(len, printed)) <= 100
    assert printed[-1].startswith("more than 0.005 above the best other: ")


def test_unknown_names_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A benchmark, a set or a learner that is not there ends it, with what there is."""
    with pytest.raises(
        SystemExit, match="there is no benchmark 'speed'; there are: one_lead, lead_events, forecasts, serve_start"
    ):
        main(["speed"])
    for words in (["--sets", "titanic"], ["--learners", "tabnet"]):
        with pytest.raises(SystemExit) as stop:
            quality.main(words)
        assert stop.value.code == 2
        assert f"there is no '{words[1]}'; there are: " in capsys.readouterr().err


def test_options_go_to_the_benchmark(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Words from the first option on belong to the benchmark; with --json nothing else is printed."""
    seen: list[list[str]] = []
    monkeypatch.setattr(sys.modules["benchmarks.quality"], "main", seen.append)
    main(["quality", "--sets", "olist", "--json"])
    assert seen == [["--sets", "olist", "--json"]]
    assert capsys.readouterr().out.strip() == ""
