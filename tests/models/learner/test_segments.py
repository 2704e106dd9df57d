"""Segments learn tables of their own, shrunk toward the pool."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from leadledger.models.learner.bags import Bags, TermArrays
from leadledger.models.learner.boosting import TrainingLeads, hold_out
from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.models.learner.compile import compile_additive, to_tables
from leadledger.models.learner.segments import SegmentFields, drop_idle_pairs, find_places, keep_order, weigh_segments
from leadledger.scoring.bins import NumberBins, TextBins
from leadledger.scoring.lookup import Pair, Table, Term

QUICK: dict[str, Any] = {"bags": 4, "max_rounds": 60, "combinations": 0, "random_state": 0}
SIZES = {"west": 2_000, "east": 600, "north": 60}


def leads(slopes: dict[str, float], seed: int = 1) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Leads of three teams and of rarer ones; `size` has a slope of its own in each team, 1 in rarer ones."""
    random = np.random.default_rng(seed)
    teams = [team for team, count in SIZES.items() for _ in range(count)]
    teams += [f"agent {i}" for i in range(30)] + [None] * 30  # type: ignore[list-item]  # unknown
    team = random.permutation(np.array(teams, dtype=object))
    frame = pd.DataFrame(random.normal(size=(len(team), 2)), columns=["size", "noise"])
    frame["source"] = random.choice(np.array(["web", "fair", "friend"], dtype=object), len(team))
    frame["team"] = team
    slope = np.array([slopes.get(name, 1.0) for name in team])
    return frame, random.random(len(team)) < expit(slope * frame["size"] - 0.5)


DIFFERENT = {"west": 1.2, "east": -0.6, "north": -0.6}


@pytest.fixture(scope="module")
def fitted() -> AdditiveClassifier:
    """Teams to which the size is worth something else."""
    return AdditiveClassifier(segment="team", **QUICK).fit(*leads(DIFFERENT))


def test_segments_learn_what_the_pool_misses(fitted: AdditiveClassifier) -> None:
    """A segment of many leads is mostly its own, one of few less so; only what differs becomes a pair."""
    bins = fitted.bins_[3]
    assert [(bins.labels[segment.bin], segment.leads) for segment in fitted.segments_] == list(SIZES.items())
    west, east, north = (segment.weight for segment in fitted.segments_)
    assert 1 >= west > north > 0
    assert east > north
    assert fitted.pairs_ == [(0, 3)]
    ends = pd.DataFrame({"size": [-1.5, 1.5] * 3, "noise": 0.0, "source": "web"})
    ends["team"] = np.repeat(np.array(list(SIZES), dtype=object), 2)
    rises = np.diff(fitted.decision_function(ends).reshape(3, 2))[:, 0]
    assert rises[0] > 2
    assert rises[1] < -0.5
    assert rises[1] < rises[2] < rises[0]


def test_segments_foretell_better_than_the_pool(fitted: AdditiveClassifier) -> None:
    """On leads of tomorrow, in each segment; the pool is what is left without what they add."""
    frame, won = leads(DIFFERENT, seed=2)
    decided, added = fitted.decision_function(frame), fitted.segment_decision(frame)
    sign = np.where(won, -1, 1)
    gains = np.logaddexp(0, sign * (decided - added)) - np.logaddexp(0, sign * decided)
    for team in SIZES:
        assert gains[(frame["team"] == team).to_numpy()].mean() > 0, team
    assert np.abs(added).max() > 0.3


def test_leads_of_no_segment_are_the_pool(fitted: AdditiveClassifier) -> None:
    """Missing, rare and new values add nothing."""
    frame = pd.DataFrame({"size": [-1.0, 0.0, 2.0], "noise": 0.0, "source": "web"})
    frame["team"] = pd.Series([None, "agent 3", "a new one"], dtype=object)
    assert not fitted.segment_decision(frame).any()


def test_a_team_that_nobody_had_is_the_pool() -> None:
    """Also where every lead of the history has a segment: it differs from the pool by one number, whatever the lead."""
    frame, won = leads(DIFFERENT)
    known = frame["team"].isin(list(SIZES)).to_numpy()
    frame, won = frame[known].reset_index(drop=True), won[known]
    model = AdditiveClassifier(segment="team", **QUICK).fit(frame, won)
    pool = model.decision_function(frame) - model.segment_decision(frame)
    for team in SIZES:
        rows = (frame["team"] == team).to_numpy()
        new = model.decision_function(frame[rows].assign(team=pd.Series("new", frame.index[rows], dtype=object)))
        assert np.ptp(new - pool[rows]) < 1e-9


def test_segments_that_are_alike_add_nothing() -> None:
    """Where teams don't differ, all weights are 0, and nothing is learned of the team."""
    model = AdditiveClassifier(segment="team", **QUICK).fit(*leads({}))
    assert [segment.weight for segment in model.segments_] == [0, 0, 0]
    assert model.pairs_ == []
    frame, _ = leads({}, seed=2)
    assert not model.segment_decision(frame).any()


def test_a_flag_has_two_segments() -> None:
    """Its missing values belong to the pool."""
    frame, won = leads({"west": 1.5, "east": -1.5, "north": -1.5})
    frame["inland"] = frame.pop("team").map(lambda team: None if team is None else team == "west").astype("boolean")
    model = AdditiveClassifier(segment="inland", **QUICK).fit(frame, won)
    assert [model.bins_[3].labels[segment.bin] for segment in model.segments_] == ["no", "yes"]
    assert all(segment.weight > 0.5 for segment in model.segments_)
    assert model.pairs_ == [(0, 3)]


@pytest.mark.parametrize("way", [1, -1])
def test_a_monotone_field_stays_so_in_each_segment(way: int) -> None:
    """A segment in which more would be worse is flat; points keep the order, too."""
    frame, won = leads({"west": 1.2, "east": -0.6, "north": -0.6})
    frame["size"] *= way
    model = AdditiveClassifier(segment="team", monotone={"size": way}, **QUICK).fit(frame, won)
    assert (0, 3) in model.pairs_
    sizes = np.linspace(-3, 3, 400)
    terms = to_tables(compile_additive(model, frame), list(map(str, frame)))
    for team in [*SIZES, "a new one"]:
        row = pd.DataFrame({"size": sizes, "noise": 0.3, "source": "fair", "team": team})
        row["team"] = row["team"].astype(object)
        assert (way * np.diff(model.decision_function(row)) >= -1e-9).all(), team
        points = [sum(points_of(term, size, team) for term in terms) for size in sizes]
        assert (way * np.diff(points) >= 0).all(), team


def points_of(term: Term, size: float, team: str) -> int:
    """What a term gives that asks for nothing but the size and the team."""
    values: dict[str, Any] = {"size": size, "team": team}
    if not set(term.fields) <= values.keys():
        return 0
    if isinstance(term, Pair):
        row, column = (bins.find(values[name]) for name, bins in zip(term.fields, term.bins, strict=True))
        return term.points[row][column]
    assert isinstance(term, Table)
    return term.points[term.bins.find(values[term.field])]


def test_the_tables_are_the_classifier(fitted: AdditiveClassifier) -> None:
    """What segments add is tables like all others, and has standard errors."""
    frame, _ = leads(DIFFERENT, seed=3)
    additive = compile_additive(fitted, frame)
    assert additive.gap < 1e-9
    assert additive.pair_errors[0, 3].shape == additive.pairs[0, 3].shape
    assert additive.pair_errors[0, 3].max() > 0


def test_chosen_pairs_leave_the_segment_to_its_own_tables() -> None:
    """Of pairs that are listed, the caller decides."""
    frame, won = leads(DIFFERENT)
    model = AdditiveClassifier(segment="team", pairs=2, **QUICK).fit(frame, won)
    assert sum(3 in pair for pair in model.pairs_) == 1
    listed = AdditiveClassifier(segment="team", pairs=[("team", "noise")], **QUICK).fit(frame, won)
    assert set(listed.pairs_) == {(1, 3), (0, 3)}


def test_nothing_is_held_out_so_nothing_is_learned() -> None:
    """With one lead of a class, nobody could weigh the segments."""
    frame, won = leads({})
    won = np.arange(len(won)) == 7
    model = AdditiveClassifier(segment="team", **QUICK).fit(frame, won)
    assert model.segments_ == []
    assert not model.segment_decision(frame).any()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"segment": "size"},
            "segment names the column 'size', which holds numbers; it must hold texts or flags.",
        ),
        ({"segment": "teem"}, "segment names the column 'teem', which X doesn't have. Did you mean 'team'?"),
        (
            {"segment": "known", "monotone": {"known": 1}},
            "segment and monotone both name the column 'known'; segments have no order.",
        ),
    ],
)
def test_a_segment_is_a_text_or_a_flag(parameters: dict[str, Any], message: str) -> None:
    """Numbers, unknown columns and flags with an order are refused."""
    frame, won = leads({})
    with pytest.raises(ValueError) as refusal:  # noqa: PT011  # the whole message is compared
        AdditiveClassifier(**parameters, **QUICK).fit(frame.assign(known=frame["team"].notna()), won)
    assert str(refusal.value) == message


def test_places_are_centred_by_leads() -> None:
    """Over the known leads, the places of coarse bins have mean 0 and variance 1; a missing value has none."""
    coarse, counts = np.array([0, 1, 1, 2, 3]), np.array([50, 10, 20, 40, 30])
    places = find_places(coarse, counts)
    weights = np.array([30, 40, 30])
    assert places[0] == 0
    assert np.average(places[1:], weights=weights) == pytest.approx(0)
    assert np.average(places[1:] ** 2, weights=weights) == pytest.approx(1)
    assert (np.diff(places[1:]) > 0).all()
    assert not find_places(np.array([0, 1]), np.array([3, 9])).any()


def test_the_order_is_kept_where_the_pool_leaves_no_room() -> None:
    """A segment may take back what the pool and its finer bins rise by, no more."""
    numbers, teams = NumberBins((1.0, 2.0)), TextBins(("a", "b"))
    counts = [np.array([0, 10, 10, 10]), np.array([0, 15, 15, 0])]
    fields = SegmentFields.of(1, [numbers, teams], counts, [np.arange(4), np.arange(4)])
    falls = np.zeros((4, 4))
    falls[1:, 1] = [0.0, -1.0, -2.0]
    falls[1:, 2] = [0.0, 0.5, 0.25]
    terms = (0.0, [np.zeros(4), np.zeros(4)], {(0, 1): falls})
    pool: TermArrays = (0.0, [np.array([9.0, 0.0, 0.5, 1.0]), np.zeros(4)], {})
    _, _, pairs = keep_order(terms, pool, {0: np.array([0.0, 1.5])}, fields, (1, 0))
    total = pairs[0, 1][1:, 1:3] + np.array([0.0, 0.5, 2.5])[:, None]
    assert (np.diff(total, axis=0) >= -1e-12).all()
    assert pairs[0, 1][1:, 2] == pytest.approx([0.0, 0.5, 0.25])  # it had room
    assert not pairs[0, 1][:, [0, 3]].any()


def test_weights_are_shrunk_toward_the_common_one() -> None:
    """A segment of few leads has about the weight of all; one of many its own; none where it doesn't pay."""
    random = np.random.default_rng(0)
    members = random.permutation(np.repeat([0, 1, 2], [4000, 4000, 60]))
    added = random.normal(size=len(members))
    truth = np.array([1.0, 0.3, 0.3])[members] * added
    outcome = (random.random(len(members)) < expit(truth)).astype(float)
    lead_rows = TrainingLeads(members[:, None], outcome, np.ones(len(members)))
    bags = Bags(lead_rows, hold_out(lead_rows, 4, 0), [np.zeros(len(members))] * 4)
    pool = np.zeros(len(members))
    weights, held_out = weigh_segments(bags, pool, added, members, 3)
    assert weights[0] == pytest.approx(1, abs=0.1)
    assert weights[1] == pytest.approx(0.3, abs=0.1)
    assert weights[1] < weights[2] < weights[0]
    assert not np.array_equal(held_out, pool)
    weights, held_out = weigh_segments(bags, pool, -added, members, 3)
    assert not weights.any()
    assert np.array_equal(held_out, pool)


def test_idle_pairs_are_dropped() -> None:
    """Of what segments add together, the pairs that held-out leads gain nothing by; all bags have the same ones."""
    random = np.random.default_rng(0)
    indexes = random.integers(0, 3, (3000, 3))
    helps, idle = np.array([[0.0, 1.0, -1.0]] * 3), np.array([[0.2, -0.2, 0.0]] * 3)
    outcome = (random.random(3000) < expit(helps[0, indexes[:, 1]])).astype(float)
    lead_rows = TrainingLeads(indexes, outcome, np.ones(3000))
    bags = Bags(lead_rows, hold_out(lead_rows, 4, 0), [np.zeros(3000)] * 4)
    nothing = [np.zeros(3)] * 3
    by_bag: list[TermArrays] = [(0.0, nothing, {(0, 1): helps, (0, 2): idle})] * 3 + [(0.0, nothing, {(0, 2): idle})]
    kept = drop_idle_pairs(bags, np.zeros(3000), by_bag)
    assert [list(pairs) for _, _, pairs in kept] == [[(0, 1)]] * 4
    assert not kept[3][2][0, 1].any()
