"""A small card with a term of every kind, and all measures that a training run can have."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from leadledger.scoring.bins import FlagBins, NumberBins, TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.fairness import Fairness
from leadledger.scoring.gate import Threshold
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table
from leadledger.scoring.scorecard import MOST_PERCENT, Card, Learned, Scorecard
from leadledger.training.evidence.chart_measures import by_grade, by_month, by_points, lift, reliability, spread
from leadledger.training.evidence.example_leads import choose_examples, examples
from leadledger.training.evidence.fairness import FairnessMeasures, choose_best, measure_fairness
from leadledger.training.evidence.forecast_quality import judge
from leadledger.training.evidence.landmark_quality import measure_landmarks
from leadledger.training.evidence.segment_quality import judge_segments
from leadledger.training.evidence.verdict import measure_rate, reach_verdict
from leadledger.training.learn.threshold import precision_by_volume
from leadledger.training.sources.logged import LEFT_OUT_REASONS
from tests.training.report.small_card import CARD


@pytest.fixture(scope="module")
def card() -> Card:
    """A small card."""
    return parse_card(CARD)


@pytest.fixture(scope="module")
def learned() -> Learned:
    """A term of every kind; bins that no lead fell in, missing ones, and none that is alike."""
    people, needs = NumberBins((10.0, 250.5)), TextBins(("urgent", "vague"))
    together = Combination(
        ("employees", "need", "demo"),
        (people, needs, FlagBins()),
        (
            Branch("employees", (0, 1, 2), Branch("need", (1, 3), Leaf(17, 41), Leaf(-8, 99)), Leaf(3, 500)),
            Branch("demo", (2,), Leaf(21, 88), Branch("employees", (3,), Leaf(-1, 7), Leaf(0, 6))),
        ),
        5,
    )
    return Learned(
        base_rate=0.1,
        start=437,
        trust=0.4528,
        terms=(
            Table("employees", people, (-3, 12, 45, -101), (210, 3020, 95, 0), (4, 1, 9, 0)),
            Table("need", needs, (0, 33, -20, 0), (20, 40, 1000, 0), (7, 8, 2, 0)),
            Table("demo", FlagBins(), (1, -2, 15), (5, 600, 77)),
            Pair(
                ("employees", "need"),
                (people, needs),
                tuple(tuple(range(i, i + 4)) for i in (-30, 0, 7, 11)),
                tuple(tuple(range(i, i + 4)) for i in (0, 10, 20, 1234)),
                tuple((1, 2, 3, 4) for _ in range(4)),
            ),
            together,
        ),
        thresholds={"opportunity": Threshold(612)},
        percentiles=tuple(range(118, 118 + 5 * MOST_PERCENT, 5)),
    )


@pytest.fixture(scope="module")
def metrics(card: Card, learned: Learned) -> dict[str, Any]:
    """All measures that a training run can have, over drawn leads."""
    random = np.random.default_rng(5)
    totals = np.round(random.normal(450, 150, 3000)).astype(np.int64)
    probability = 1 / (1 + 9 * 2.0 ** ((500 - totals) / 100))
    won = random.random(3000) < probability
    days = np.sort(random.integers(19_700, 20_400, 3000))
    held = np.arange(3000) >= 2000
    forecasts = {"leadledger": probability, "rules alone": probability**0.5, "unrestricted boosting": probability**1.1}
    volume = precision_by_volume(totals[held], won[held])
    rules: list[dict[str, Any]] = [
        {
            **{"name": rule.name, "reason": rule.reason, "group": "", "declared": rule.points / 10},
            **{"counted": 3.4, "fired": 412, "share": 0.137, "won": 61, "rate": 0.148, "rate_low": 0.11},
            **{"rate_high": 0.19, "lift": 1.51, "lift_low": 1.2, "lift_high": 1.9, "supported": 2.2},
            **{"supported_low": -1.3, "supported_high": 5.4, "lost_to_caps": 12.5, "finding": ""},
        }
        for rule in card.rules
    ]
    rules[1] |= {
        "finding": "always_on",
        "said": "fires for 98 of 100 leads",
        "fired": 0,
        "share": 0.0,
        "won": 0,
    } | dict.fromkeys(("rate", "rate_low", "rate_high", "lift", "lift_low", "lift_high"), None)
    rules[1] |= dict.fromkeys(("supported", "supported_low", "supported_high"), None)
    suspect = {
        "field": "won_at",
        "kind": "date after the outcome",
        "proof": "later in 99 of 99 rows",
        "mend": "learn: no",
    }
    chosen = choose_examples(totals, won, random.integers(0, 3, 3000), 612)
    leads = [{"employees": 7 * i, "need": "urgent" if i % 2 else None} for i, _ in enumerate(chosen)]
    metrics = {
        "counts": {
            **{"rows": 3456, "rejected": 12, "no_outcome": 0, "no_date": 1, "before": 2},
            **{"immature": 441, "used": 3000, "won": int(won.sum())},
        },
        "log": {
            **{"scores": 9876, "leads": 3456, "outcomes": 455, "reached": 401, "unscored": 17, "stage": "opportunity"},
            **{"oldest_score": "2023-12-09", "newest_score": "2026-06-30"},
            "left_out": {why: 100 + i for i, why in enumerate(LEFT_OUT_REASONS)},
            "values_left_out": {"hobby": 33},
        },
        "fields_left_out": {"stage": "the stage is what is decided"},
        "split": "time",
        "held_out": {name: judge(won[held], forecast[held]).to_dict() for name, forecast in forecasts.items()},
        "base_rate": float(won.mean()),
        "trust": 0.4528,
        "model_weight": 0.8123,
        "rounding_gap": {"mean_points": 0.081, "largest_points": 0.43},
        "compile_gap": 1e-15,
        "rows_to_read": {"tables": 143, "pairs": 70, "combinations": 0},
        "promises": {"opportunity": {"line": 61.2, "asked_precision": 0.7, "said": "71 of 88 held-out leads did"}},
        "lift": lift(totals[held], won[held]),
        "reliability": reliability(won[held], probability[held]),
        "rate": measure_rate(won[held], probability[held]),
        "scores": by_points(totals[held], won[held], probability[held]),
        "grades": by_grade(totals[held], won[held], probability[held], card.grades, card.below),
        "precision_by_volume": {"opportunity": volume},
        "by_month": by_month(days, won, probability, held),
        "audit": {
            "rules": rules,
            **{"dead": ["big"], "always_on": [], "contradicted": [], "redundant": [["urgent", "big"]], "overrated": []},
        },
        "leakage": {"checked": ["employees", "need"], "suspects": [suspect], "overruled": [suspect]},
        "maturity": {
            **{"horizon": 90, "immature": 441, "within_horizon": 0.113, "eventually": 0.127, "said": "9 in 10 do"},
            "curve": [
                {"day": day, "share": day / 900, "low": day / 1000, "high": day / 800, "at_risk": 3000 - day}
                for day in range(0, 120, 5)
            ],
        },
        "drift": {
            "score": {"psi": 0.031, "chance": 0.02, "band": "steady"},
            "fields": [{"name": "employees", "psi": 0.17, "chance": 0.03, "band": "moved"}],
            "rules": [{"name": "urgent", "psi": 0.31, "chance": 0.01, "band": "shifted"}],
            "said": "from the 2,000 older leads to the 1,000 newest, the rule urgent shifted",
        },
        "fairness": _fairness(random, totals[held], probability[held], won[held]),
        "axes": {
            "grades": [
                {"grades": "A1", "leads": 210, "won": 84, "rate": 0.4, "low": 0.3331, "high": 0.4697},
                {"grades": "?3", "leads": 35, "won": 2, "rate": 0.0571, "low": 0.007, "high": 0.1916},
            ],
            "left_out_pairs": 6,
            "gaining_pairs": [{"fields": ["need", "visits"], "gain": 0.0021}],
            "said": "6 pairs of fields span both axes and were not considered; one of them would gain",
        },
        "segments": judge_segments(
            "need",
            ["clear", "urgent"],
            [0.93, 0.4123],
            np.where(totals > 700, -1, totals % 2),
            won,
            probability,
            probability**1.05,
            np.flatnonzero(held),
        ).to_dict(),
        "exploration": {
            **{"by_merit": 2719, "drawn": 862, "drawn_won": 165, "undrawn": 16419, "never": 31, "unknown": 12},
            "weighed": True,
            "lift": {
                **{"share": 0.05, "drawn": 862, "drawn_won": 165, "others": 16419, "others_won": 298},
                **{"other_shares": 0, "difference": 0.1733, "low": 0.1483, "high": 0.2007, "more": None},
                "said": "of 862 leads drawn 165 became opportunities",
            },
            "hidden": {
                **{"drawn": 862, "predicted": 0.026, "actual": 0.191, "said": "without them 2.6 %"},
                "fields": [{"field": "employees", "mean_points": 9.93, "most_points": 19.74}],
            },
            "said": ["862 leads were drawn", "without them 2.6 %"],
        },
        "steps": {
            "lead": {
                **{"became": "qualified_on", "within": 60, "leads": 2717, "reached": 1507, "rate": 0.5547},
                **{"rate_limits": [0.5357, 0.5735], "left_out": {"immature": 283, "before": 0}, "rate_alone": ""},
                **{"base_rate": 0.5547, "trust": 0.2076},
                "held_out": {
                    **{"leads": 680, "reached": 396, "foreseen": 0.5499, "came": 0.5562, "log_loss": 0.6386},
                    **{"base_log_loss": 0.6874, "slope": 0.92},
                },
            },
            "customer": {
                **{"became": "won_on", "within": 1180, "leads": 0, "reached": 0, "rate": None, "base_rate": None},
                **{"rate_limits": [0.0, 1.0], "left_out": {"immature": 12, "before": 0}, "trust": 0.0},
                "rate_alone": "no lead began it long enough ago",
            },
        },
        "landmarks": measure_landmarks(
            np.tile([0, 7, 14], 1000),
            np.repeat(np.arange(1000), 3),
            won,
            probability,
            probability**1.2,
            np.arange(3000) % 3 == 1,
            (("visits",), ("reads",)),
        ).to_dict(),
        "spread": spread(totals, totals // 3, -totals // 9),
        "comparison": {
            **{"release": "2026-06-30-001", "leads": 1000, "worse": False, "said": "better: 0.2 against 0.3"},
            "log_loss": {"new": 0.201, "old": 0.3, "difference": -0.099, "low": -0.12, "high": -0.07},
            "precision": {"new": 0.71, "old": 0.69, "difference": 0.02, "low": -0.01, "high": 0.05},
            "promoted": {"new": 1210, "old": 1030},
            "best": {"said": "as good as the best release so far 2026-05-31-001"},
        },
        "examples": examples(
            Scorecard(card, replace(learned, terms=learned.terms[:4])),
            leads,
            [date(2026, 1, 1)] * len(leads),
            [bool(won[at]) for at in chosen],
            list(chosen.values()),
        ),
    }
    metrics["verdict"] = reach_verdict(metrics)
    return json.loads(json.dumps(metrics))  # as it is read again from metrics.json


def _fairness(
    random: np.random.Generator, totals: NDArray[np.int64], probability: NDArray[np.float64], won: NDArray[np.bool_]
) -> dict[str, Any]:
    """Two protected fields: one whose groups lie far apart, foretold by a field, and one that nobody has a value of."""
    n, held = len(totals), np.arange(len(totals))
    groups = pd.Series(np.where(random.random(n) < probability, "35 to 60", "below 35"), dtype=object)
    frame = pd.DataFrame({"need": groups.where(random.random(n) < 0.9, None)})
    best, bounds = choose_best(totals), Fairness(0.8, 0.1, 0.9)
    fields = measure_fairness(
        {"employees": groups}, frame, probability, best, "promoted to opportunity", won, held, held, bounds
    )
    measures = FairnessMeasures("promoted to opportunity", n, fields, ("demo",)).to_dict()
    uses = [{"kind": "rule", "name": "big", "fields": ["employees"], "reason": "the law of 2024"}]
    return measures | {"uses": uses, "signed_off": "agreed with the board"}
