"""The simulated CRM of examples/b2b-software: what it promises to those who train and test on it."""

from __future__ import annotations

import importlib
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.metrics import roc_auc_score

from leadledger.api.cli.examples import load_simulator

FOLDER = Path(__file__).parents[2] / "examples" / "b2b-software"


simulate = load_simulator()
tables = importlib.import_module("software_crm.tables")


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    """Two hundred thousand leads with their true probability: a blink for arrays, minutes for a loop over rows."""
    return simulate.simulate(200_000, seed=7, truth=True)


@pytest.fixture(scope="module")
def mature(history) -> pd.DataFrame:
    """The leads that are at least 90 days old, with a column `success`: became an opportunity within 90 days."""
    old = history[history["created"] <= pd.Timestamp(simulate.UNTIL - timedelta(days=90))]
    return old.assign(success=(old["opportunity_date"] - old["created"]).dt.days <= 90)


@pytest.mark.slow
def test_columns_are_the_fields_of_the_card(history):
    """A history has a column for each field of the card that is not derived, in its order, and the outcome."""
    card = yaml.safe_load((FOLDER / "card.yaml").read_text(encoding="utf-8"))
    fields = [name for name, field in card["fields"].items() if "is" not in field]
    assert list(history) == [*fields, card["outcome"]["became"]["field"], "true_probability"]
    assert list(simulate.open_leads(10)) == fields
    for name, field in card["fields"].items():
        if "values" in field:
            assert set(history[name].dropna()) <= set(field["values"]), name


def test_same_seed_same_leads():
    """The seed decides everything; another seed gives other leads."""
    once, twice, seeded_otherwise = (simulate.simulate(500, seed=seed) for seed in (7, 7, 8))
    pd.testing.assert_frame_equal(once, twice)
    assert not once["company"].equals(seeded_otherwise["company"])
    pd.testing.assert_frame_equal(simulate.open_leads(50, seed=7, bad=5), simulate.open_leads(50, seed=7, bad=5))


@pytest.mark.slow
def test_outcome_follows_the_true_probability(mature):
    """In every tenth of the leads, as many become opportunities within 90 days as the true probability says."""
    for _, tenth in mature.groupby(pd.qcut(mature["true_probability"], 10)):
        chance = tenth["true_probability"]
        spread = np.sqrt((chance * (1 - chance)).sum())
        assert abs(tenth["success"].sum() - chance.sum()) < 4 * spread
    assert 0.08 < mature["success"].mean() < 0.10


def test_some_become_opportunities_too_late(history):
    """An opportunity comes a day after the lead at the earliest; a few come after the 90 days, and don't count."""
    days = (history["opportunity_date"] - history["created"]).dt.days.dropna()
    assert days.min() == 1
    assert 0.01 < (days > 90).mean() < 0.10


def test_rows_show_what_was_known_on_the_day(history):
    """Nothing in a row happened after the day it was created, and three years of days are covered."""
    assert (history["last_activity"].dropna() <= history["created"][history["last_activity"].notna()]).all()
    ahead = (history["decision_date"] - history["created"]).dt.days.dropna()
    assert 0.02 < (ahead < 0).mean() < 0.08
    assert history["created"].is_monotonic_increasing
    assert history["created"].max() == pd.Timestamp(simulate.UNTIL)
    assert 1090 < (history["created"].max() - history["created"].min()).days <= 1095


def test_young_leads_are_immature(history):
    """No opportunity lies after the last day, so that some of the youngest have yet to become one."""
    assert history["opportunity_date"].max() <= pd.Timestamp(simulate.UNTIL)
    young = history[history["created"] > pd.Timestamp(simulate.UNTIL - timedelta(days=90))]
    assert 0.05 < len(young) / len(history) < 0.15
    assert 0 < young["opportunity_date"].notna().sum() < 0.9 * young["true_probability"].sum()


@pytest.mark.parametrize("field", ["lead_status", "proposal_value"])
def test_leaks_leak(mature, field):
    """Each of the two fields that sales fills in afterwards tells the outcome almost alone."""
    tells = mature[field] == "Converted" if field == "lead_status" else mature[field].notna()
    assert roc_auc_score(mature["success"], tells) > 0.9


def test_promise_of_the_card_can_be_kept(mature):
    """At least 2 % of the leads meet need, budget and timing, and are more than 70 % likely to become opportunities."""
    ahead = (mature["decision_date"] - mature["created"]).dt.days
    ready = mature["need"].isin(["clear", "urgent"]) & (mature["budget"] >= 10_000) & ahead.between(0, 180)
    assert (ready & (mature["true_probability"] > 0.7)).mean() > 0.02


def test_gaps_say_something_or_nothing(history):
    """A missing need, budget or decision date is bad news; a missing number of employees is chance."""
    chance = history["true_probability"]
    for field in ("need", "budget", "decision_date"):
        assert chance[history[field].isna()].mean() < 0.8 * chance.mean(), field
    blank = history["employees"].isna().groupby(history["need"]).mean()
    assert blank.between(0.11, 0.13).all()
    assert set(history["industry"]) >= {"n/a", "Select"}


def test_newsletter_says_nothing(history):
    """Readers of the newsletter are as likely as others, whatever the card's rule believes."""
    rates = history.groupby("newsletter")["true_probability"].mean()
    assert rates[True] == pytest.approx(rates[False], rel=0.05)


def test_bad_rows_are_counted_and_the_rest_is_untouched():
    """`bad` rows hold one value each that can't be read; all others are the same as without."""
    clean, spoiled = (simulate.open_leads(200, seed=3, bad=bad) for bad in (0, 9))
    counts = {(field, value): (spoiled[field] == value).sum() for field, value in tables.BAD_VALUES}
    assert sum(counts.values()) == 9
    assert set(counts.values()) == {1, 2}  # nine rows share seven mistakes
    untouched = spoiled["lead_id"].notna()
    for field, value in tables.BAD_VALUES:
        untouched &= spoiled[field] != value
    assert untouched.sum() == 191
    assert spoiled.loc[untouched, "company"].equals(clean.loc[untouched, "company"])
    known = untouched & clean["budget"].notna()
    assert spoiled.loc[known, "budget"].astype(float).equals(clean.loc[known, "budget"])


def test_open_leads_are_fresh():
    """A list to score has leads of the last month, some of them further on than a lead, and no outcome."""
    leads = simulate.open_leads(2_000, seed=3, until=date(2025, 3, 31), truth=True)
    assert leads["created"].between(pd.Timestamp(2025, 3, 1), pd.Timestamp(2025, 3, 31)).all()
    assert set(leads["stage"].dropna()) == {"contact", "lead", "opportunity", "customer"}
    assert "opportunity_date" not in leads
    assert leads["true_probability"].between(0, 1).all()


@pytest.mark.parametrize("name", ["it's.csv", "history.parquet"])
def test_files_hold_what_was_simulated(tmp_path, name):
    """Names with accents, quotes and commas, dates and gaps come back from either kind of file as they went in."""
    frame = simulate.simulate(3_000, seed=5, truth=True)
    simulate.write(frame, tmp_path / name)
    with duckdb.connect() as database:
        database.register("wanted", frame)
        path = str(tmp_path / name).replace("'", "''")
        table = database.sql(f"FROM '{path}' ORDER BY lead_id")
        types = dict(zip(table.columns, map(str, table.types), strict=True))
        wanted = ", ".join(f"CAST({field} AS {types[field]})" for field in frame)
        rows = table.fetchall()
        assert rows == database.sql(f"SELECT {wanted} FROM wanted ORDER BY lead_id").fetchall()
    assert list(types) == list(frame)
    assert {types[field] for field in ("created", "decision_date", "last_activity", "opportunity_date")} == {"DATE"}
    assert {types[field] for field in tables.WHOLE} == {"BIGINT"}
    assert {'"Bright" Analytics AS', "Møller, Berg & Co AB", "O'Brien Freight Ltd"} <= {row[1] for row in rows}


def test_command_line_writes_the_file(tmp_path, capsys):
    """The command writes as many leads as asked for and says so in one line."""
    target = tmp_path / "leads.csv"
    assert simulate.main(["--leads", "20", "--open", "--bad", "2", "-o", str(target)]) == 0
    assert capsys.readouterr().out == f"{target}: 20 leads, 24 columns\n"
    text = target.read_text(encoding="utf-8")
    assert "lots" in text
    assert "2026-02-30" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "x.xlsx"], "can't tell the format of 'x.xlsx': name it .csv or .parquet"),
        (["--leads", "0", "-o", "x.csv"], "--leads must be 1 or more"),
        (["--bad", "1", "-o", "x.csv"], "--bad goes with --open, and must be between 0 and the number of leads"),
        (["--until", "2026-02-30", "-o", "x.csv"], "'2026-02-30' is no day of the calendar; write it as 2026-06-30"),
        (["-o", "no/such/folder/x.csv"], "can't write 'no/such/folder/x.csv'"),
    ],
)
def test_command_line_refuses_wrong_usage(arguments, message, capsys):
    """Wrong usage ends with exit status 2 and a sentence that says what to write instead."""
    with pytest.raises(SystemExit) as stop:
        simulate.main(arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
