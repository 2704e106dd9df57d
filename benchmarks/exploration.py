"""What exploration is worth to the next training, and what it costs, in a simulated CRM whose truth is known.

    python -m benchmarks exploration --draws 3

A first card promotes by rules that know little: size, and where a lead came from. A lead that is promoted becomes an
opportunity with its own probability; one that isn't, a tenth as often. Small firms, which the rules hardly ever
promote, are worth as much as large ones and differ in what makes them good. Then the next training learns from what was
seen: without exploration, and with 1 % and 5 % of the leads below the threshold promoted at random.

gap : how far the new release is from the truth, for new leads, in log-loss beyond that of the truth itself; below the
first threshold and above it. ratio : predicted rate over the true one, if promoted. errors : by how many standard
errors the total of the leads below the threshold, and of the opportunities that they would become, as the propensities
give it (Horvitz and Thompson, 1952), is off. precision : the true mean rate of the promoted leads.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.base import ClassifierMixin

from benchmarks.worlds import gap_to_truth
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.frames.score import score_frame
from leadledger.scoring.scorecard import build_untrained
from leadledger.training.runs.train import train

SHARES = (0.0, 0.01, 0.05)
LEADS, NEW_LEADS = 20_000, 20_000
UNPROMOTED = 0.1  # how often an unpromoted lead becomes an opportunity, beside the same lead promoted
SMALL = 200  # employees; firms below it are small
AS_OF = date(2026, 1, 1)
CARD = """
name: explored
readable: pairs
fields:
  lead_id: {kind: id}
  created: {kind: date}
  employees: {kind: number}
  budget: {kind: number}
  industry: {kind: text}
  source: {kind: text}
  visits: {kind: number}
outcome: {became: {field: won, kind: flag}, since: created}
rules:
  - {name: large, when: employees >= 200, points: 10, reason: A large firm}
  - {name: partner, when: source = 'partner', points: 8, reason: A partner knows them}
  - {name: fair, when: source = 'fair', points: 6, reason: We met at a fair}
  - {name: visits, when: visits >= 4, points: 6, reason: Visits the site often}
  - {name: retail, when: industry = 'retail', points: -6, reason: Retail buys little}
stages:
  - {name: contact}
  - {name: lead, points: 66EXPLORE}
"""


@dataclass(frozen=True)
class Simulated:
    """A history: `frame` has a lead a row, its outcome, what was recommended and, where a card explores, `propensity`.

    `truth` (n,) is the probability of each lead to become an opportunity if it is promoted, 0..1.
    """

    frame: pd.DataFrame
    truth: NDArray[np.float64]

    @property
    def promoted(self) -> NDArray[np.bool_]:
        """Who was promoted, (n,)."""
        return (self.frame["recommendation"] == "promote").to_numpy(bool)

    @property
    def propensity(self) -> NDArray[np.float64]:
        """With which probability each was to be promoted, (n,) 0..1."""
        known = self.frame.get("propensity", self.promoted.astype(float))
        return np.asarray(known, dtype=np.float64)


@dataclass(frozen=True)
class ExplorationMeasured:
    """The means over the draws with one share; errors are those of each draw."""

    share: float
    gap_below: float
    gap_above: float
    ratio_below: float
    ratio_above: float
    leads_errors: tuple[float, ...]
    won_errors: tuple[float, ...]
    promoted: float
    precision: float


def write_card(share: float) -> str:
    """The card, which explores a share (0..1), or nothing."""
    return CARD.replace("EXPLORE", f", explore: {100 * share:g} %" if share else "")


def draw_leads(leads: int, seed: int) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """New leads, and the probability (n,) of each to become an opportunity if it is promoted."""
    random = np.random.default_rng([seed, 31])
    frame = pd.DataFrame(
        {
            "lead_id": [f"{seed}-{number:06d}" for number in range(leads)],
            "created": [date(2024, 1, 1) + timedelta(int(day)) for day in np.sort(random.integers(0, 700, leads))],
            "employees": np.round(10 ** random.uniform(0.5, 3.5, leads)),
            "budget": np.where(random.random(leads) < 0.2, np.nan, np.round(random.lognormal(10, 1, leads))),
            "industry": random.choice(["software", "retail", "health", "finance", "other"], leads),
            "source": random.choice(["web", "web", "web", "partner", "fair", "mail"], leads),
            "visits": random.poisson(2, leads),
        }
    )
    size = np.log10(frame["employees"])
    small = frame["employees"] < SMALL
    means = np.log(frame["budget"].fillna(np.exp(10))) - 10
    log_odds = -2.2 + np.where(size < 2.5, 0.5 * (size - 2), 0.25) + 0.12 * frame["visits"]
    log_odds += 0.8 * (frame["source"] == "partner") - 0.5 * (frame["source"] == "fair")
    log_odds += (frame["source"] == "mail") & small
    log_odds += np.where(small, 1.2, 0.2) * (frame["industry"] == "software")
    log_odds += means * np.where(small, 0.9, 0.1) - 0.3 * frame["budget"].isna()
    return frame, np.asarray(expit(log_odds.to_numpy(float)))


def simulate(leads: int, share: float, seed: int) -> Simulated:
    """A history of leads that a card has scored which explores a share (0..1)."""
    frame, truth = draw_leads(leads, seed)
    scored = score_frame(build_untrained(parse_card(write_card(share))), frame, AS_OF)
    frame["recommendation"] = scored["recommendation"]
    if share:
        frame["propensity"] = scored["propensity"]
    promoted = (frame["recommendation"] == "promote").to_numpy(bool)
    chance = np.where(promoted, truth, UNPROMOTED * truth)
    frame["won"] = np.random.default_rng([seed, 32]).random(leads) < chance
    return Simulated(frame, truth)


def add_up(history: Simulated) -> tuple[float, float]:
    """By how many standard errors the totals below the threshold are off that the propensities give.

    They are how many leads there are, and how many would become opportunities if all were promoted.
    """
    may, drawn = _below(history), _below(history) & history.promoted
    weights = 1 / history.propensity[drawn]
    won = history.frame["won"].to_numpy(bool)[drawn]
    leads_error = np.sqrt((weights * (weights - 1)).sum())
    won_error = np.sqrt((weights**2 * won).sum())
    return (
        float((weights.sum() - may.sum()) / leads_error),
        float(((weights * won).sum() - history.truth[may].sum()) / won_error),
    )


def _below(history: Simulated) -> NDArray[np.bool_]:
    return (history.propensity > 0) & (history.propensity < 1)


def predict(
    history: Simulated, share: float, new: pd.DataFrame, estimator: ClassifierMixin | None
) -> NDArray[np.float64]:
    """What the next release predicts for new leads, (m,) 0..1."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "card.yaml"
        path.write_text(write_card(share), "utf-8")
        trained = train(path, history.frame, estimator=estimator)
    return np.asarray(score_frame(trained, new, AS_OF)["probability"], dtype=np.float64)


def measure(
    share: float, leads: int, draws: int, first: int, estimator: ClassifierMixin | None = None
) -> ExplorationMeasured:
    """Simulate, train and judge, with so many draws of the first card's leads."""
    rows = []
    errors = []
    for seed in range(first, first + draws):
        history = simulate(leads, share, seed)
        new = simulate(NEW_LEADS, 0.0, seed + 10_000)
        predicted = predict(history, share, new.frame.drop(columns=["won", "recommendation"]), estimator)
        above = new.promoted
        rows.append(
            [
                *(gap_to_truth(new.truth[part], predicted[part]) for part in (~above, above)),
                *(predicted[part].mean() / new.truth[part].mean() for part in (~above, above)),
                history.promoted.sum(),
                history.truth[history.promoted].mean(),
            ]
        )
        if share:
            errors.append(add_up(history))
    gap_below, gap_above, ratio_below, ratio_above, promoted, precision = map(float, np.mean(rows, axis=0))
    of_leads, of_won = (tuple(error[at] for error in errors) for at in (0, 1))
    return ExplorationMeasured(
        share, gap_below, gap_above, ratio_below, ratio_above, of_leads, of_won, promoted, precision
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks exploration", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--leads", type=int, default=LEADS, help="of a history")
    parser.add_argument("--draws", type=int, default=3, help="of the histories")
    parser.add_argument("--first-draw", type=int, default=0, help="seed of the first draw")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    rows = []
    for share in SHARES:
        row = measure(share, options.leads, options.draws, options.first_draw)
        rows.append(row)
        if not options.json:
            errors = " ".join(f"{error:+.1f}" for error in (*row.leads_errors, *row.won_errors))
            print(
                f"{row.share:>4.0%}: gap below {row.gap_below:.4f}, above {row.gap_above:.4f}; ratio below"
                f" {row.ratio_below:.2f}, above {row.ratio_above:.2f}; errors {errors or '–'}; {row.promoted:,.0f}"
                f" promoted, precision {row.precision:.1%}"
            )
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))


if __name__ == "__main__":
    main()
