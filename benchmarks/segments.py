"""What tables of their own are worth to segments, in simulated worlds whose truth is known.

    python -m benchmarks segments
    python -m benchmarks segments --worlds equal --draws 5 --learners separate --combinations 0

A history has four teams, of 50, 200, 1,000 and 5,000 leads. In the world `equal` a field is worth the same to each; in
`level` the rates of the teams differ; in `different` also what fields are worth, by random effects with a standard
deviation of 0.4 in log-odds. `segments` is what training learns with `segment: team`, `pool` the same without what
segments add, `plain` a training without `segment:`, and `separate` a model for each team, of its leads alone.

Each is judged on fresh leads of each team. `gap` is how much higher the expected log-loss is than that of the truth;
`bias` the mean of the predicted less the true rate, and `off` that of its absolute value, over the draws; `weight` the
weight that training shows. `covered` is how often the limits of a team's actual rate (exact, 95 %) hold the true one.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from benchmarks.quality import choose_names
from benchmarks.worlds import gap_to_truth
from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.training.intervals import rate_limits

Floats: TypeAlias = NDArray[np.float64]
NewModel: TypeAlias = Callable[..., AdditiveClassifier]  # with further parameters

TEAMS = {"north": 50, "south": 200, "east": 1_000, "west": 5_000}  # leads of each
FRESH_LEADS = 4_000  # of each team, to judge by
DRAWS = 10
RATE = 0.25
SPREAD = 0.4  # of what a field is worth to teams, in log-odds
SOURCES = 6
WORLDS: Mapping[str, tuple[float, float]] = {  # the spread of the teams' levels, and of their effects
    "equal": (0.0, 0.0),
    "level": (SPREAD, 0.0),
    "different": (SPREAD, SPREAD),
}


@dataclass(frozen=True, eq=False)
class TeamLeads:
    """Leads with the true probability (n,) and the outcome (n,) of each."""

    frame: pd.DataFrame
    probability: Floats
    won: NDArray[np.bool_]

    def take(self, team: str) -> TeamLeads:
        """The leads of a team."""
        rows = (self.frame["team"] == team).to_numpy()
        return TeamLeads(self.frame[rows].reset_index(drop=True), self.probability[rows], self.won[rows])


def draw(world: str, seed: int, leads: Mapping[str, int], *, fresh: bool = False) -> TeamLeads:
    """So many leads of each team; those of one seed have the same truth, fresh or not."""
    levels, spread = WORLDS[world]
    truth = np.random.default_rng([seed, 0])
    random = np.random.default_rng([seed, 1 + fresh])
    parts = []
    for team, count in leads.items():
        x = random.normal(size=(count, 5))
        sources, flag = random.integers(0, SOURCES, count), random.random(count) < 0.3
        slopes = np.array([0.6, -0.5, 0.3, 0.0, 0.0]) + spread * truth.normal(size=5) * [1, 1, 1, 0, 0]
        own_sources = spread * truth.normal(size=SOURCES)
        log_odds = x @ slopes + 0.4 * np.sin(2 * x[:, 3]) + (np.linspace(-0.7, 0.7, SOURCES) + own_sources)[sources]
        log_odds += (0.5 + spread * truth.normal()) * flag + levels * truth.normal() - 0.15
        frame = pd.DataFrame(x, columns=[f"field_{i}" for i in range(5)])
        frame["source"] = pd.Series([f"source {i}" for i in sources], dtype=object)
        frame["flag"] = flag
        frame["team"] = pd.Series([team] * count, dtype=object)
        parts.append((frame, expit(log_odds + logit(RATE))))
    frame = pd.concat([part for part, _ in parts], ignore_index=True)
    probability = np.concatenate([chance for _, chance in parts])
    won = random.random(len(frame)) < probability
    order = random.permutation(len(frame))
    return TeamLeads(frame.iloc[order].reset_index(drop=True), probability[order], won[order])


def learn_segments(known: TeamLeads, fresh: TeamLeads, new: NewModel) -> tuple[dict[str, Floats], dict[str, float]]:
    """The predicted probabilities (n,) of fresh leads with segments and by the pool alone; the weight of each team."""
    model = new(segment="team").fit(known.frame, known.won)
    decided, added = model.decision_function(fresh.frame), model.segment_decision(fresh.frame)
    bins = model.bins_[list(known.frame).index("team")]
    weights = {bins.labels[segment.bin]: segment.weight for segment in model.segments_}
    return {"segments": expit(decided), "pool": expit(decided - added)}, weights


def learn_plain(known: TeamLeads, fresh: TeamLeads, new: NewModel) -> Floats:
    """The predicted probabilities (n,) of fresh leads by a training without `segment:`."""
    model = new().fit(known.frame, known.won)
    return np.asarray(model.predict_proba(fresh.frame)[:, 1])


def learn_separate(known: TeamLeads, fresh: TeamLeads, new: NewModel) -> Floats:
    """The predicted probabilities (n,) of fresh leads, those of each team by a model of its leads alone."""
    foreseen = np.zeros(len(fresh.won))
    for team in TEAMS:
        own, judged = known.take(team), fresh.take(team)
        model = new().fit(own.frame.drop(columns="team"), own.won)
        rows = (fresh.frame["team"] == team).to_numpy()
        foreseen[rows] = model.predict_proba(judged.frame.drop(columns="team"))[:, 1]
    return foreseen


LEARNERS = {"plain": learn_plain, "separate": learn_separate}


@dataclass(frozen=True)
class TeamGap:
    """How a learner does on the fresh leads of a team: see the head of this file. `weight` is None without segments."""

    world: str
    learner: str
    team: str
    leads: int
    gap: float
    spread: float
    bias: float
    off: float
    weight: float | None
    covered: float


def measure(world: str, draws: int, learners: Sequence[str], combinations: Literal["auto"] | int) -> list[TeamGap]:
    """Segments, the pool and other learners on some draws of a world, judged by fresh leads of each team."""
    gaps: dict[tuple[str, str], list[tuple[float, float]]] = {}
    weights: dict[str, list[float]] = {team: [] for team in TEAMS}
    covered: dict[str, list[bool]] = {team: [] for team in TEAMS}
    for seed in range(draws):
        known = draw(world, seed, TEAMS)
        fresh = draw(world, seed, dict.fromkeys(TEAMS, FRESH_LEADS), fresh=True)
        new = partial(AdditiveClassifier, random_state=seed, n_jobs=-1, combinations=combinations)
        foreseen, shown = learn_segments(known, fresh, new)
        foreseen |= {learner: LEARNERS[learner](known, fresh, new) for learner in learners}
        for team in TEAMS:
            rows = (fresh.frame["team"] == team).to_numpy()
            for learner, probability in foreseen.items():
                gap = gap_to_truth(fresh.probability[rows], probability[rows])
                bias = float(np.mean(probability[rows] - fresh.probability[rows]))
                gaps.setdefault((learner, team), []).append((gap, bias))
            weights[team].append(shown.get(team, 0.0))
            own = known.take(team)
            low, high = rate_limits(int(own.won.sum()), len(own.won))
            covered[team].append(low <= own.probability.mean() <= high)
    return [
        TeamGap(
            world,
            learner,
            team,
            TEAMS[team],
            float(np.mean([gap for gap, _ in pairs])),
            float(np.std([gap for gap, _ in pairs])),
            float(np.mean([bias for _, bias in pairs])),
            float(np.mean([abs(bias) for _, bias in pairs])),
            float(np.mean(weights[team])) if learner == "segments" else None,
            float(np.mean(covered[team])),
        )
        for (learner, team), pairs in gaps.items()
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks segments", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", default=",".join(WORLDS), help=f"some of {','.join(WORLDS)}")
    parser.add_argument("--learners", default=",".join(LEARNERS), help="beside segments and their pool")
    parser.add_argument("--combinations", type=int, help="as in AdditiveClassifier")
    parser.add_argument("--draws", type=int, default=DRAWS, help="histories of each world")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    worlds = choose_names(parser, "--worlds", options.worlds, WORLDS)
    learners = choose_names(parser, "--learners", options.learners, LEARNERS)
    combinations: Literal["auto"] | int = "auto" if options.combinations is None else options.combinations
    rows = []
    if not options.json:
        print(
            f"{'world':<11}{'learner':<10}{'leads':>7}{'gap':>9}{'sd':>8}{'bias':>8}{'off':>7}{'weight':>8}{'covered':>9}"
        )
    for world in worlds:
        for row in measure(world, options.draws, learners, combinations):
            rows.append(row)
            weight = "" if row.weight is None else f"{row.weight:.2f}"
            if not options.json:
                figures = (
                    f"{row.gap:>9.4f}{row.spread:>8.4f}{row.bias:>+8.3f}{row.off:>7.3f}{weight:>8}{row.covered:>9.0%}"
                )
                print(f"{row.world:<11}{row.learner:<10}{row.leads:>7,}{figures}", flush=True)
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))


if __name__ == "__main__":
    main()
