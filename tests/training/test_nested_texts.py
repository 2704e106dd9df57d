"""Texts whose values lie within those of another: what training learns of them, and what it says."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leadledger.models.learner.classifier import AdditiveClassifier
from leadledger.scoring.bins import TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.lookup import Table
from leadledger.training.nested_texts import describe_nesting
from leadledger.training.runs.train import train
from leadledger.training.runs.train_text import summary_text

CARD = """
name: places
fields:
  lead_id: {kind: id}
  created: {kind: date}
  size: {kind: number}
  country: {kind: text}
  city: {kind: text, parent: country}
outcome: {became: {field: won_on, kind: date}, since: created, within: 30 days}
stages: [{name: lead}, {name: opportunity, points: 60}]
"""
COUNTRIES = 12


def make_history(leads: int, seed: int) -> pd.DataFrame:
    """Leads of cities, ten in each country, whose country tells much and whose city a little."""
    random = np.random.default_rng(seed)
    fixed = np.random.default_rng(5)
    of_country, of_city = fixed.normal(0, 1.2, COUNTRIES), fixed.normal(0, 0.8, COUNTRIES * 10)
    city = random.integers(0, COUNTRIES * 10, leads)
    won = random.random(leads) < 1 / (1 + np.exp(1.2 - of_country[city // 10] - of_city[city]))
    days = np.sort(random.integers(0, 500, leads))
    return pd.DataFrame(
        {
            "lead_id": [f"L{i}" for i in range(leads)],
            "created": [f"{date(2025, 1, 1) + timedelta(int(day))}" for day in days],
            "size": random.normal(size=leads).round(2),
            "country": [f"country {at // 10}" for at in city],
            "city": [f"city {at}" for at in city],
            "won_on": [
                f"{date(2025, 1, 11) + timedelta(int(day))}" if won_it else ""
                for day, won_it in zip(days, won, strict=True)
            ],
        }
    )


def fit(frame: pd.DataFrame, parents: dict[str | int, str | int]) -> AdditiveClassifier:
    """A classifier of single fields."""
    model = AdditiveClassifier(bags=4, pairs=0, combinations=0, random_state=0, parents=parents)
    return model.fit(frame[["size", "country", "city"]], frame["won_on"] != "")


def test_a_new_city_is_worth_its_country() -> None:
    """Cities are shrunk effects around their country; boosting says nothing of either, and `other` adds nothing."""
    frame = make_history(3000, 1)
    model = fit(frame, {"city": "country"})
    assert model.bins_[2] == TextBins(())
    assert model.nested_ == (1, 2)
    leads = pd.DataFrame({"size": [0.0] * COUNTRIES, "country": [f"country {i}" for i in range(COUNTRIES)]})
    new = model.decision_function(leads.assign(city="nowhere"))
    known = [
        np.mean([model.decision_function(leads.assign(city=f"city {10 * i + j}"))[i] for j in range(10)])
        for i in range(COUNTRIES)
    ]
    assert np.std(known) > 0.8
    assert new == pytest.approx(np.array(known), abs=0.4)


def test_chains_and_mistakes() -> None:
    """Outer fields come first, whatever the order of the columns; what can't be nested is refused."""
    frame = make_history(600, 2).assign(world="one")
    model = AdditiveClassifier(bags=2, pairs=0, combinations=0, parents={"city": "country", 2: 0})
    assert model.fit(frame[["country", "size", "city"]].assign(), frame["won_on"] != "").nested_ == (0, 2)
    for parents, message in (
        ({"city": "country", "country": "city"}, "parents names the column 'city', which would be its own ancestor."),
        ({"city": "size"}, "parents names the column 'size', which holds no texts."),
        ({"town": "country"}, "parents names the column 'town', which X doesn't have."),
    ):
        with pytest.raises(ValueError, match=message):
            fit(frame, parents)  # type: ignore[arg-type]  # dict is invariant


def test_training_says_which_values_have_several_parents() -> None:
    """A city in two countries has one effect, which the note says with examples."""
    card = parse_card(CARD)
    frame = pd.DataFrame(
        {
            "city": ["Paris", "Paris", "Rome", "Rome", "Rome", "Bergen", None],
            "country": ["FR", "US", "IT", "US", "GE", "NO", "NO"],
        }
    )
    assert list(describe_nesting(card, frame, {})) == [
        "2 of 3 values of 'city' stand with several values of its parent 'country' ('Rome' with 'GE', 'IT' and 1 more;"
        " 'Paris' with 'FR' and 'US'). Each counts as one value, with one effect beside that of whichever parent it"
        " stands with. If they are different ones, write both into one field."
    ]
    assert list(describe_nesting(card, frame[["city"]], {"country": "has no value in the history"})) == [
        "Field 'city' is learned from by itself, since its parent 'country' has no value in the history."
    ]
    assert list(describe_nesting(card, frame.iloc[[0, 2, 5]], {})) == []


@pytest.mark.slow
def test_a_trained_card(tmp_path: Path) -> None:
    """The release has a table of either field, a new city adds next to nothing, and the text says what is mixed up."""
    path = tmp_path / "card.yaml"
    path.write_text(CARD)
    history = make_history(3000, 3)
    history.loc[:20, "city"] = "city 119"
    training = train(path, history)
    tables = {term.field: term for term in training.learned.terms if isinstance(term, Table)}
    assert {"country", "city"} <= set(tables)
    assert abs(tables["city"].points[-1]) <= 20
    assert "values of 'city' stand with several values of its parent 'country'" in " ".join(
        summary_text(training).split()
    )
