"""How far the chances of the steps, of a sale, and the expected value are from the truth, where it is known.

    python -m benchmarks steps --draws 10 --leads 8000

Each draw is a history of three years: leads become leads with a need, opportunities and customers, each step with a
true chance of its own and after some days; a few are later than the horizon. Training learns the steps from the days
alone. On fresh leads, the mean chance of each step and of the sale stands beside the true mean (bias), the calibration
slope is that of the true log-odds on the predicted ones (1 is perfect), and the sum of the expected values beside that
of the true ones. `covered` is how often the 95% limits of a step's rate hold the true rate of the leads that began it,
on `--rates` further histories of 2,000 leads, from which nothing is learned.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.scorecard import Scorecard
from leadledger.training.evidence.forecast_quality import calibration_line
from leadledger.training.history_reader import read_history, read_step
from leadledger.training.intervals import rate_limits
from leadledger.training.runs.step_fits import make_step_card
from leadledger.training.runs.train import train

CARD = """
name: stages
fields:
  lead_id: {kind: id}
  stage: {kind: text, values: [contact, lead, opportunity, customer], learn: no}
  created: {kind: date}
  need: {kind: text, values: [none, vague, clear, urgent]}
  employees: {kind: number}
  source: {kind: text}
  budget: {kind: number}
  deal_size: {kind: number, unit: EUR}
outcome: {became: {field: opportunity_on, kind: date}, since: created, within: 120 days}
steps:
  lead: {became: qualified_on, within: 60 days}
  opportunity: {became: opportunity_on, within: 90 days}
  customer: {became: won_on, within: 180 days}
amount: deal_size
rules:
  - {name: urgent, when: need = 'urgent', points: 10, reason: Has an urgent need}
stages: [{name: contact}, {name: lead}, {name: opportunity, points: 60}, {name: customer}]
"""
STEPS: Mapping[str, tuple[str, int]] = {
    "lead": ("qualified_on", 60),
    "opportunity": ("opportunity_on", 90),
    "customer": ("won_on", 180),
}
FIRST, TAKEN = date(2023, 1, 2), date(2025, 12, 31)
NEEDS, SOURCES = ("none", "vague", "clear", "urgent"), ("web", "fair", "friend", "list")
LATE = 0.03  # of those that don't make a step within its horizon, who make it later
DRAWS, LEADS, FRESH = 10, 8_000, 20_000
RATE_DRAWS, RATE_LEADS, FIRST_RATE_SEED = 200, 2_000, 90_000
FIRST_SEED = 500  # nothing was chosen by these draws

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StageWorld:
    """Leads as a CRM keeps them, and what nobody knows: the true chance (n,) 0..1 of each step, of each lead."""

    frame: pd.DataFrame
    chances: Mapping[str, Floats]

    @property
    def sale(self) -> Floats:
        """The true chance (n,) that a contact takes all its steps in time."""
        return np.asarray(np.prod(list(self.chances.values()), axis=0))


def make_world(leads: int, seed: int) -> StageWorld:
    """Leads of three years, each day known on the last of them."""
    random = np.random.default_rng(seed)
    need, source = random.integers(0, 4, leads), random.integers(0, 4, leads)
    employees = np.maximum(np.round(np.exp(random.normal(4, 1.2, leads))), 1)
    budget = np.where(random.random(leads) < 0.3, np.nan, np.ceil(np.exp(random.normal(9.5, 0.8, leads))))
    amount = np.round(employees**0.6 * np.exp(random.normal(6, 0.5, leads)), -1)
    size, means = np.log(employees) - 4, np.nan_to_num(np.log(budget) - 9.5)
    chances = {
        "lead": expit(-0.6 + 0.6 * need - 0.7 * (source == 3) + 0.5 * (source == 2)),
        "opportunity": expit(-0.7 + 0.5 * (need - 1.5) + 0.6 * means - 0.3 * size),
        "customer": expit(-0.3 - 0.5 * size + 0.6 * (source == 2) + 0.3 * means),
    }
    created = np.sort(random.integers(0, (TAKEN - FIRST).days, leads))
    day, alive = created.astype(float), np.ones(leads, bool)
    columns = {}
    for step, (column, within) in STEPS.items():
        in_time, late = random.random(leads) < chances[step], random.random(leads) < LATE
        wait = np.minimum(random.exponential(within / 4, leads), within).astype(int)
        day = day + np.where(in_time, wait, within + 1 + random.integers(0, 60, leads))
        alive = alive & (in_time | late)
        known = alive & (day <= (TAKEN - FIRST).days)
        columns[column] = [_text(days) if is_known else None for days, is_known in zip(day, known, strict=True)]
    frame = pd.DataFrame(
        {
            "lead_id": [f"S{i}" for i in range(leads)],
            "created": [_text(days) for days in created],
            "need": [NEEDS[i] for i in need],
            "employees": employees,
            "source": [SOURCES[i] for i in source],
            "budget": budget,
            "deal_size": amount,
            **columns,
        }
    )
    return StageWorld(frame, chances)


def _text(days: float) -> str:
    return str(FIRST + timedelta(days=int(days)))


def foretell(card: Scorecard, world: StageWorld) -> tuple[dict[str, Floats], Floats, Floats]:
    """What a scorecard says of each lead, as a contact: the chance (n,) of each step, of a sale, the expected value."""
    engine = get_engine(card)
    fields = [name for name in card.card.fields if name in world.frame]
    values = world.frame[fields].astype(object).where(world.frame[fields].notna(), None)
    sales = [engine.score(dict(zip(fields, row, strict=True)), TAKEN).sale for row in values.itertuples(index=False)]
    chances = {
        step: np.array([sale.steps[i].probability for sale in sales if sale], float) for i, step in enumerate(STEPS)
    }
    sale = np.array([sale.probability for sale in sales if sale], float)
    return chances, sale, np.array([sale.expected_value for sale in sales if sale], float)


def measure(seed: int, leads: int, fresh_leads: int) -> dict[str, Any]:
    """One draw: train on a history, and hold what it says of fresh leads beside the truth."""
    history, fresh = make_world(leads, seed), make_world(fresh_leads, seed + 10_000)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "card.yaml"
        path.write_text(CARD)
        training = train(path, history.frame, seed=seed)
    chances, sale, expected = foretell(training.scorecard, fresh)
    measured: dict[str, Any] = {"seed": seed}
    for step, chance in chances.items():
        truth = fresh.chances[step]
        measured[step] = {
            "leads": training.metrics["steps"][step]["leads"],
            "bias": float(chance.mean() - truth.mean()),
            "error": float(np.sqrt(np.mean((chance - truth) ** 2))),
            "slope": calibration_line(truth, chance)[0],
        }
    slope, intercept = calibration_line(fresh.sale, sale)
    amounts = fresh.frame["deal_size"].to_numpy(float)
    measured["sale"] = {
        "bias": float(sale.mean() - fresh.sale.mean()),
        "mean": float(fresh.sale.mean()),
        "error": float(np.sqrt(np.mean((sale - fresh.sale) ** 2))),
        "slope": slope,
        "intercept": intercept,
        "value": float(expected.sum() / (amounts * fresh.sale).sum()),
    }
    return measured


def cover_rates(seed: int, leads: int = RATE_LEADS) -> dict[str, bool]:
    """Whether the 95% limits of the rate of each step hold the true rate of the leads that began it."""
    world, card = make_world(leads, seed), parse_card(CARD)
    history = read_history(card, world.frame)
    covered = {}
    for position, step in enumerate(STEPS):
        began = read_step(make_step_card(card, position), history)
        low, high = rate_limits(began.counts.won, began.counts.used)
        covered[step] = low <= float(world.chances[step][began.rows - 1].mean()) <= high
    return covered


def summarize(draws: Sequence[Mapping[str, Any]], covered: Sequence[Mapping[str, bool]]) -> Iterator[str]:
    """The means over the draws, and their spread; the share of the histories whose limits hold each true rate."""
    yield f"{'':<14}{'bias':>16}{'rms error':>12}{'slope':>16}{'covered':>10}"
    for step in (*STEPS, "sale"):
        values = {key: [draw[step][key] for draw in draws] for key in ("bias", "error", "slope")}
        held = f"{np.mean([limits[step] for limits in covered]):>10.0%}" if step in STEPS and covered else ""
        bias = f"{np.mean(values['bias']):+.4f} ± {np.std(values['bias']):.4f}"
        slope = f"{np.mean(values['slope']):.2f} ± {np.std(values['slope']):.2f}"
        yield f"{step:<14}{bias:>16}{np.mean(values['error']):>12.4f}{slope:>16}{held}"
    value = [draw["sale"]["value"] for draw in draws]
    yield f"Expected values sum to {np.mean(value):.3f} ± {np.std(value):.3f} of the true ones."


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what the draws gave."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=DRAWS, help="histories")
    parser.add_argument("--leads", type=int, default=LEADS, help="leads of a history")
    parser.add_argument("--fresh", type=int, default=FRESH, help="leads that the forecasts are judged by")
    parser.add_argument("--rates", type=int, default=RATE_DRAWS, help="histories of which the rates alone are measured")
    parser.add_argument("--json", action="store_true", help="print data, a line for each draw")
    given = parser.parse_args(arguments)
    draws = []
    for seed in range(FIRST_SEED, FIRST_SEED + given.draws):
        draws.append(measure(seed, given.leads, given.fresh))
        if given.json:
            print(json.dumps(draws[-1]), flush=True)
    covered = [cover_rates(seed) for seed in range(FIRST_RATE_SEED, FIRST_RATE_SEED + given.rates)]
    if given.json:
        print(json.dumps({step: sum(limits[step] for limits in covered) for step in STEPS}))
    else:
        print("\n".join(summarize(draws, covered)))


if __name__ == "__main__":
    main()
