"""A simulated CRM of a software firm: leads with dates, gaps, traps, and a chance of success that is known exactly.

    python examples/b2b-software/simulate.py --leads 20000 --seed 7 -o history.csv
    python examples/b2b-software/simulate.py --leads 500 --open --bad 5 -o leads.csv

Each row shows a lead as it was on one day: the day it was created (a history) or the day of the list (`--open`). The
true log-odds (`log_odds` in software_crm/truth.py) are a function of that row and of nothing else, so that a model can
be held to the truth: smooth curves of numbers and dates, an effect for each level of a text, three pairs, and two
fields that say nothing: `newsletter`, and `annual_revenue` once the number of employees is known. A missing value has
an effect of its own. In `need`, `budget` and `decision_date` what is missing is mostly what would have been bad news;
elsewhere it is missing by chance. `lead_status` and `proposal_value` are written after the fact and give the outcome
away.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from software_crm.arrays import Codes, Floats, dates, day_number
from software_crm.chance_by_day import chance_by_day
from software_crm.events import draw_events, event_table, lead_names, write_events
from software_crm.leads import Leads, draw
from software_crm.stream import write_messages
from software_crm.tables import leak, spoil, table, write
from software_crm.truth import HORIZON_DAYS, draw_days, probability

UNTIL = date(2026, 6, 30)  # a fixed day and never the clock: the same seed gives the same file next year
HISTORY_DAYS = 3 * 365


LOOKS = (0, 7, 14, 30)  # days after a lead was created as of which its true chance is told


@dataclass(frozen=True)
class Simulation:
    """Leads with what they did.

    `leads` as `simulate` and `open_leads` give them. `events`: one row an event, see software_crm/events.py. `chances`:
    the true chance of each lead as of a day, see `tell_chances`.
    """

    leads: pd.DataFrame
    events: pd.DataFrame
    chances: pd.DataFrame


def simulate(leads: int, seed: int = 7, until: date = UNTIL, *, truth: bool = False) -> pd.DataFrame:
    """A history: one row a lead, oldest first, as known on the day it was created, with what became of it by `until`.

    Columns: the fields of card.yaml and `opportunity_date`; with `truth` also `true_probability` (0..1) of becoming an
    opportunity within 90 days. Missing: None, NaN or NaT. Created on the last three years of days up to `until`; a lead
    younger than 90 days has an `opportunity_date` only if that day has come.
    """
    return _simulate(leads, seed, until, truth)[0]


def open_leads(leads: int, seed: int = 7, until: date = UNTIL, *, bad: int = 0, truth: bool = False) -> pd.DataFrame:
    """A list to score on the day `until`: leads of the last month, with no outcome. Columns as in `simulate`, less it.

    `bad` rows, spread over the list, hold one value each that can't be read; their columns are then texts throughout.
    """
    return _open_leads(leads, seed, until, bad, truth)[0]


def simulate_events(leads: int, seed: int = 7, until: date = UNTIL, *, truth: bool = False) -> Simulation:
    """The history that `simulate` gives, and its events. `truth` adds its column, and `machine` to the events."""
    frame, drawn, became = _simulate(leads, seed, until, truth)
    return _add_events(frame, drawn, became, seed, until, truth, np.array(LOOKS))


def open_events(leads: int, seed: int = 7, until: date = UNTIL, *, bad: int = 0, truth: bool = False) -> Simulation:
    """The list that `open_leads` gives, and its events; the chances are as of the day of the list."""
    frame, drawn = _open_leads(leads, seed, until, bad, truth)
    became = drawn.day + draw_days(np.random.default_rng([seed, 2]), probability(drawn))
    return _add_events(frame, drawn, became, seed, until, truth, np.array([0]))


def _simulate(leads: int, seed: int, until: date, truth: bool) -> tuple[pd.DataFrame, Leads, Floats]:
    """A history, its leads, and the day of each one's opportunity, were it after `until` (NaN: never)."""
    rng = np.random.default_rng(seed)
    last = day_number(until)
    # To the power of 0.8: a gentle rise, more leads each year.
    age = np.floor(HISTORY_DAYS * (1 - rng.random(leads) ** 0.8)).astype(np.int64)
    created = np.sort(last - age)
    drawn = draw(rng, created, created, running=False)
    chance = probability(drawn)
    became = created + draw_days(rng, chance)
    by_now = np.where(became <= last, became, np.nan)
    frame = table(drawn)
    leak(rng, frame, drawn, ~np.isnan(by_now))
    frame["opportunity_date"] = dates(by_now)
    if truth:
        frame["true_probability"] = chance
    return frame, drawn, became


def _open_leads(leads: int, seed: int, until: date, bad: int, truth: bool) -> tuple[pd.DataFrame, Leads]:
    rng = np.random.default_rng(seed)
    day = np.full(leads, day_number(until))
    drawn = draw(rng, day, np.sort(day - rng.integers(0, 31, leads)), running=True)
    frame = table(drawn)
    leak(rng, frame, drawn, np.zeros(leads, dtype=bool))
    if truth:
        frame["true_probability"] = probability(drawn)
    return spoil(rng, frame, bad) if bad else frame, drawn


def _add_events(
    frame: pd.DataFrame, drawn: Leads, became: Floats, seed: int, until: date, truth: bool, ages: Codes
) -> Simulation:
    """The events of leads that become opportunities on some days, drawn apart, so that the leads stay as they are."""
    rng = np.random.default_rng([seed, 1])
    events = draw_events(rng, drawn, became, day_number(until))
    chances = tell_chances(drawn, became, events, ages, day_number(until))
    return Simulation(frame, event_table(rng, events, day_number(until), truth=truth), chances)


def tell_chances(drawn: Leads, became: Floats, events: pd.DataFrame, ages: Codes, until: int) -> pd.DataFrame:
    """The true chance of each lead that was open on a day, so many days after that of its row, by the day `until`.

    Columns: `lead_id`; `age`, in days after the day of the row; `day`; `true_probability` of becoming an opportunity
    within 90 days after that day, given the row and what is known of people's events by then; `without_events`, given
    the row and that it is still open; `became`, whether it did (None: 90 days have not passed by `until`).
    """
    chance = probability(drawn)
    frames: list[pd.DataFrame] = []
    for age in ages:
        look = drawn.day + age
        is_open = (look <= until) & ~(became <= look)
        with_events, without = chance_by_day(drawn, chance, events, np.full(len(look), age))
        success = became <= look + HORIZON_DAYS
        named = {"lead_id": lead_names(np.arange(len(look))), "age": age, "day": dates(look)}
        told = {"true_probability": with_events, "without_events": without}
        outcome = pd.Series(success, dtype="boolean").where(look + HORIZON_DAYS <= until)
        frames.append(pd.DataFrame({**named, **told, "became": outcome})[is_open])
    return pd.concat(frames, ignore_index=True)


def calendar_day(text: str) -> date:
    """A day of the command line, such as 2026-06-30; anything else is wrong usage."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no day of the calendar; write it as 2026-06-30") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Exit status 0 done, 2 wrong usage."""
    parser = _make_parser()
    given = parser.parse_args(arguments)
    for path in filter(None, (given.out, given.events, given.chances)):
        if path.suffix not in (".csv", ".parquet"):
            parser.error(f"can't tell the format of '{path}': name it .csv or .parquet")
    if given.leads < 1:
        parser.error("--leads must be 1 or more")
    if not 0 <= given.bad <= (given.leads if given.open else 0):
        parser.error("--bad goes with --open, and must be between 0 and the number of leads")
    world = _simulate_given(given)
    for path, name, frame, write_frame in (
        (given.out, "leads", world.leads, write),
        (given.events, "events", world.events, write_events),
        (given.messages, "events", world.events, write_messages),
        (given.chances, "chances", world.chances, write),
    ):
        if path is None:
            continue
        try:
            write_frame(frame, path)
        except (duckdb.IOException, OSError) as error:
            parser.error(f"can't write '{path}': {error}")
        columns = "" if write_frame is write_messages else f", {len(frame.columns)} columns"
        print(f"{path}: {len(frame):,} {name}{columns}")
    return 0


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Simulate the CRM of a software firm.")
    parser.add_argument("--leads", type=int, default=20_000, help="how many leads (20,000)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same leads (7)")
    parser.add_argument("--until", type=calendar_day, default=UNTIL, help=f"the last day of the file ({UNTIL})")
    parser.add_argument("--truth", action="store_true", help="add the column true_probability")
    parser.add_argument("--open", action="store_true", help="leads to score instead of a history: no outcome")
    parser.add_argument("--bad", type=int, default=0, metavar="N", help="with --open: rows that hold a bad value (0)")
    parser.add_argument("--events", type=Path, metavar="FILE", help="write their events too")
    parser.add_argument(
        "--messages", type=Path, metavar="FILE", help="write their events for POST /v1/events too, as JSON lines"
    )
    parser.add_argument("--chances", type=Path, metavar="FILE", help="write the true chances as of some days too")
    parser.add_argument("-o", "--out", type=Path, required=True, help="the file to write: .csv or .parquet")
    return parser


def _simulate_given(given: argparse.Namespace) -> Simulation:
    """The tables that a command line asks for; those of events are empty where it doesn't."""
    options: dict[str, Any] = {"seed": given.seed, "until": given.until, "truth": given.truth}
    if given.open:
        options["bad"] = given.bad
    if given.events or given.messages or given.chances:
        return (open_events if given.open else simulate_events)(given.leads, **options)
    return Simulation((open_leads if given.open else simulate)(given.leads, **options), pd.DataFrame(), pd.DataFrame())


if __name__ == "__main__":
    raise SystemExit(main())
