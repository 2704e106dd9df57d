"""A history is examined before anything is believed: what is left out is counted and said, or stops the caller."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError
from leadledger.training.history import History
from leadledger.training.history_reader import read_history
from tests.training.crm_history import (
    CARD,
    TAKEN,
    Fault,
    expect_to_win,
    make_history,
    put,
    repeat,
    shift_zone,
    spoil,
    win_before,
)


def read(frame: pd.DataFrame, card: str = CARD, **options: date | None) -> History:
    """The history that a card reads from a data frame."""
    return read_history(parse_card(card), frame, **options)  # type: ignore[arg-type]  # as_of and today


def rate(history: History) -> float:
    """The share of the leads that became opportunities."""
    return history.counts.won / history.counts.used


PLAIN = read(make_history())


def test_a_plain_history_has_nothing_to_say() -> None:
    """Every row is learned from or too young, and no note is made."""
    assert (PLAIN.as_of, PLAIN.notes, PLAIN.doubts) == (TAKEN, (), ())
    assert PLAIN.counts.used + PLAIN.counts.immature == PLAIN.counts.rows == 900


FUTURE = (
    "1 row has a day in the future in 'created' (row 51: 2062-03-14); left out: the history counts as taken on"
    " 2025-09-05."
)
DAYS = [
    (put("created", "2062-03-14"), {"future": 1}, FUTURE),
    (
        put("created", "2026-03-14", "2027-01-01", "2035-05-05", "2062-12-31"),
        {"future": 4},
        "4 rows have a day in the future in 'created' (row 51: 2026-03-14, row 151: 2027-01-01, row 251: 2035-05-05,"
        " …); left out: the history counts as taken on 2025-09-05.",
    ),
    (
        put("won_on", "2062-03-14"),
        {"future": 1},
        "1 row has a day years ahead in 'won_on' (row 51: 2062-03-14); left out: the history counts as taken on"
        " 2025-09-05.",
    ),
    (
        put("created", "1970-01-01", "1900-01-01", "1987-06-05"),
        {"past": 3},
        "3 rows have a placeholder in 'created', or a day long before all others (row 51: 1970-01-01, row 151:"
        " 1900-01-01, row 251: 1987-06-05); left out.",
    ),
    (
        put("won_on", "9999-12-31", "1900-01-01"),
        {"future": 0, "past": 0, "before": 0},
        "2 rows have a day in 'won_on' that has not come, or a placeholder (row 51: 9999-12-31, row 151: 1900-01-01):"
        " not an opportunity yet, since the history counts as taken on 2025-09-05. The column must hold days on which"
        " leads became one, not days on which somebody expects it.",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "counts", "note"), DAYS)
@pytest.mark.parametrize("today", [None, date(2026, 11, 28)])
def test_a_day_that_can_not_be_right_changes_nothing(
    fault: Fault, counts: dict[str, int], note: str, today: date | None
) -> None:
    """It moves neither the present nor the rate by more than its own row, with and without a clock, and is said."""
    history = read(fault(make_history()), today=today)
    assert history.as_of == TAKEN
    assert {name: getattr(history.counts, name) for name in counts} == counts
    assert history.notes == (note,)
    assert abs(history.counts.immature - PLAIN.counts.immature) <= 1
    assert abs(rate(history) - rate(PLAIN)) < 0.005


@pytest.mark.parametrize("today", [None, date(2026, 11, 28)])
def test_days_on_which_somebody_expects_to_win_are_no_outcomes(today: date | None) -> None:
    """Open leads with a day after the export stay open, and the export's day stays the present."""
    history = read(expect_to_win(make_history()), today=today)
    assert (history.as_of, history.counts) == (TAKEN, PLAIN.counts)
    assert len(history.notes) == 2
    assert history.notes[0].startswith("58 rows have a day in 'won_on' that has not come, or a placeholder")
    assert history.notes[1].startswith("'won_on' goes on after the newest lead, 2025-09-05, with 58 outcomes. Leads of")


@pytest.mark.slow
@pytest.mark.parametrize(("leads", "step"), [(25, 40), (40, 1)])
def test_few_leads_have_a_plausible_present_too(leads: int, step: int) -> None:
    """A sparse history, and one of a single month."""
    days = pd.date_range("2025-01-03", periods=leads, freq=f"{step}D").strftime("%Y-%m-%d")
    frame = make_history(leads).assign(created=days, won_on=None)
    assert (read(frame).notes, str(read(frame).as_of)) == ((), days[-1])
    frame.loc[3, "created"] = "2092-02-02"
    assert (read(frame).counts.future, str(read(frame).as_of)) == (1, days[-1])


def test_many_leads_after_today_stop_the_caller() -> None:
    """They are no slips of the pen: either the days are wrong, or today is."""
    history = read(make_history(), today=date(2025, 6, 1))
    assert history.doubts == (
        "145 rows have a day after today, 2025-06-01, in 'created', 16% of all (row 756: 2025-06-03, row 757:"
        " 2025-06-03, row 758: 2025-06-04, …). Mend them, or say with `--as-of` on which day the history was taken.",
    )
    replayed = read(make_history(), as_of=date(2025, 6, 1))
    assert (replayed.doubts, replayed.counts.future) == ((), 145)


def test_an_outcome_in_another_time_zone_counts_as_of_the_leads_day() -> None:
    """A time with an offset is in UTC already on the next day, so a win on the same local day seems to be before it."""
    plain = make_history()
    history = read(shift_zone(plain))
    same_day = int((plain["created"] == plain["won_on"]).sum())
    assert (history.counts.before, history.counts.won) == (0, PLAIN.counts.won)
    assert history.notes == (
        f"{same_day} leads became opportunities on the day before they were met: 'created' holds times and 'won_on'"
        " plain days, so the two count days in different time zones. Their outcome counts as of the day on which they"
        " were met.",
    )


@pytest.mark.parametrize("by_id", [True, False])
def test_a_lead_in_several_rows_is_one_lead(by_id: bool) -> None:
    """By its id, else where all rows stand equally often: the earliest row counts, and training sees the same leads."""
    frame = make_history() if by_id else make_history().drop(columns="lead_id")
    history = read(repeat(frame))
    assert (history.counts.rows, history.counts.repeated) == (2_700, 1_800)
    assert history.frame.equals(PLAIN.frame)
    assert np.array_equal(history.won, PLAIN.won)
    by = "by 'lead_id', such as 'C0'" if by_id else "rows that are equal in every field"
    without_id = () if by_id else ("Fields that the history doesn't have: lead_id",)
    assert history.notes == (
        *without_id,
        f"900 leads stand in several rows ({by}): 900 leads stand 3 times. Of each lead the earliest row counts, so"
        " 1,800 rows (66.7%) are left out.",
    )


def test_equal_rows_of_few_fields_may_be_different_leads() -> None:
    """Without ids, answers repeat by chance."""
    card = "name: a\nfields: {need: {kind: text}}\noutcome: {became: {field: won, kind: flag}}\n"
    frame = pd.DataFrame({"need": ["clear", "vague"] * 75, "won": [1, 0] * 75})
    assert (read(frame, card).counts.repeated, len(read(frame, card))) == (0, 150)


def test_a_lead_that_is_won_by_any_row_is_won() -> None:
    """An early export knows nothing yet, a later one does; the fields are those of the earliest day."""
    frame = make_history()
    again = frame.iloc[[5, 6]].assign(created="2024-09-09", need="none")
    again["won_on"] = pd.Series(["2024-04-01", None], index=again.index, dtype=object)
    frame.loc[[5, 6], "won_on"] = None
    frame.loc[5, "created"] = "2024-03-10"
    history = read(pd.concat([again, frame], ignore_index=True))
    place = list(history.ids["lead_id"]).index("C5")
    assert (history.counts.repeated, bool(history.won[place])) == (2, True)
    assert history.frame["need"][place] == frame["need"][5]
    assert history.notes[0].endswith(
        "1 of them have rows of different outcomes: such a lead became an opportunity if any of its rows says so."
    )


STOPS = [
    (
        spoil(0.5, won=True),
        "111 of 900 rows can't be read (need: 'glowing' is not one of: none, vague, clear, urgent (111 rows)), and 111"
        " of them (100.0%) became opportunities, against 13.4% of the others: more than chance does. Without them the"
        " rate is 13.4%, with them 24.1%. Mend the rows, or the card.",
    ),
    (
        spoil(0.15, won=False, column="employees", value="many"),
        "(116 rows)), and 0 of them (0.0%) became opportunities, against 27.7% of the others: more than chance does.",
    ),
    (
        spoil(0.3, won=None),
        "287 of 900 rows can't be read (need: 'glowing' is not one of: none, vague, clear, urgent (287 rows)). Mend"
        " them, or the card.",
    ),
    (
        spoil(0.5, won=True, column="created", value=None),
        "111 of 900 rows have no date, and 111 of them (100.0%) became opportunities, against 13.4% of the others",
    ),
    (
        win_before,
        "73 of 217 leads that became opportunities (33.6%) did so before they were met: 'won_on' is before 'created'."
        " Without them 17.4% of the leads became one, with them 24.1%. Name another day under `since:`, or mend the"
        " days.",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "words"), STOPS)
def test_rows_left_out_that_change_the_result_stop_the_caller(fault: Fault, words: str) -> None:
    """The message has the proof and the way to go on; accepted, the doubt is a note."""
    history = read(fault(make_history()))
    with pytest.raises(DataError) as refused:
        history.refuse_doubtful("training")
    text = str(refused.value)
    assert text.startswith("training stopped: what it would leave out of the data frame changes the result.\n\n")
    assert words in text
    assert text.endswith("Mend the history or the card; or go on without these rows, with --accept-left-out.")
    accepted = history.refuse_doubtful("training", accept=True)
    assert accepted.doubts == ()
    assert any(words in note for note in accepted.notes)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_rows_left_out_by_chance_stop_nobody(seed: int) -> None:
    """A tenth of the rows can't be read, whatever became of them."""
    frame = make_history(seed=40 + seed).astype({"employees": object})
    frame.loc[np.random.default_rng(seed).random(len(frame)) < 0.1, "employees"] = "many"
    history = read(frame)
    assert (history.doubts, history.counts.rejected > 50) == ((), True)
