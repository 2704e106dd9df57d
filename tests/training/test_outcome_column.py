"""The outcome as words, as any value, or as what the card doesn't expect there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from leadledger.scoring.card.hints import find_hints
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError, ScorecardError
from leadledger.training.history import History
from leadledger.training.history_reader import read_history

STAGES = ["Closed Won", "closed lost", "Negotiation", None, "CLOSED WON ", "Closed Lost"] * 10
DAYS = [f"2025-{1 + i // 20:02}-{1 + i % 20:02}" for i in range(60)]


def read(became: str, values: list[Any], rest: str = "", **columns: list[Any]) -> History:
    """The history of sixty leads, whose column `stage` has the values."""
    card = parse_card(
        "name: a\nfields: {lead_id: {kind: id}, met: {kind: date}, n: {kind: number}}\n"
        f"outcome: {{became: {{field: stage, {became}}}{rest}}}\n"
    )
    ids = [f"A{i}" for i in range(len(values))]
    frame = pd.DataFrame({"lead_id": ids, "met": DAYS[: len(values)], "n": range(len(values)), "stage": values})
    return read_history(card, frame.assign(**columns))


OTHERS = (
    "Not won, since `is:` doesn't name them: 'closed lost' (20), 'Negotiation' (10). If some of these leads are still"
    " open, name the words for lost under `lost:`."
)
UNDECIDED = "Undecided, since 'stage' is neither won nor lost: 'Negotiation' (10). These leads have no outcome yet."


@pytest.mark.parametrize(
    ("became", "values", "counts", "notes"),
    [
        ("is: Closed Won", STAGES, (50, 20, 10), (OTHERS,)),
        ("is: [Closed Won, Negotiation]", STAGES, (50, 30, 10), ()),
        ("is: [Closed Won], lost: [Closed Lost]", STAGES, (40, 20, 20), (UNDECIDED,)),
        (
            "is: [Closed Won, Live], lost: Closed Lost",
            STAGES,
            (40, 20, 20),
            ("The outcome's 'Live' stands in no row.", UNDECIDED),
        ),
        ("is: there", ["006A", None, ""] * 20, (60, 20, 0), ()),
        ("is: there", [pd.Timestamp("2025-01-01"), pd.NaT, pd.NaT] * 20, (60, 20, 0), ()),
        ("is: there", [6.0, None, None] * 20, (60, 20, 0), ()),
        ("is: [3]", [3.0, None, 4.0] * 20, (40, 20, 20), ()),
        ("is: ['true']", [True, False, False] * 20, (60, 20, 0), ()),
    ],
)
def test_the_words_of_a_column(became: str, values: list[Any], counts: tuple[int, ...], notes: tuple[str, ...]) -> None:
    """Words in any case, one or several, any value, and columns of any type; undecided leads are left out."""
    history = read(became, values)
    assert (history.counts.used, history.counts.won, history.counts.no_outcome) == counts
    assert history.notes == notes


def test_an_undecided_lead_is_lost_after_the_horizon() -> None:
    """Where the outcome has a horizon, young leads are left out, and old ones that are still open are not won."""
    history = read("is: [Closed Won], lost: [Closed Lost]", STAGES, ", since: met, within: 20 days")
    assert str(history.as_of) == "2025-03-20"
    assert (history.counts.immature, history.counts.used, history.counts.won) == (20, 40, 13)
    assert history.counts.no_outcome == 0


REFUSED = [
    (
        "kind: flag",
        ["Closed Won", "Closed Lost", "Negotiation"] * 20,
        "'stage', the outcome, is not yes or no in 60 of 60 rows: 'Closed Won' (20), 'Closed Lost' (20), 'Negotiation'"
        " (20). If these are words, name those for won in the card, and those for lost, for example `became: {field:"
        " stage, is: [Closed Won], lost: [Closed Lost]}`; all others then have no outcome yet",
    ),
    (
        "kind: flag",
        [f"006{i}" for i in range(30)] + [None] * 30,
        "is there}`",
    ),
    (
        "kind: date",
        ["yes", "no"] * 30,
        "'stage', the outcome, is not a day in 60 of 60 rows: 'yes' (30), 'no' (30). If",
    ),
]


@pytest.mark.parametrize(("became", "values", "words"), REFUSED)
def test_a_column_of_another_kind_stops_training(became: str, values: list[Any], words: str) -> None:
    """The message shows the values and the line for the card."""
    rest = ", since: met, within: 9 days" if "date" in became else ""
    with pytest.raises(DataError) as refused:
        read(became, values, rest).refuse_doubtful("training")
    assert words.replace("is there", "is: there") in str(refused.value)


def test_a_word_that_nobody_has_is_refused() -> None:
    """No lead would be won; the near miss is named."""
    with pytest.raises(DataError) as refused:
        read("is: [Close Won]", STAGES)
    assert str(refused.value) == (
        "the data frame: no row says in 'stage' that the lead became an opportunity: 'Close Won' occurs in none of 50."
        " Did you mean 'Closed Won'?"
    )


@pytest.mark.parametrize(
    ("became", "message"),
    [
        ("{field: a}", "3:19: `became` lacks `kind:` or `is:`; write for example `kind: date`, `kind: flag`,"),
        (
            "{field: a, kind: flag, is: won}",
            "3:36: `became` has both `kind:` and `is:`; `is:` needs no kind, so remove",
        ),
        ("{field: a, kind: flag, lost: no}", "3:48: `lost` of `became` names the words for lost, so `is:` must"),
        (
            "{field: a, is: there, lost: no}",
            "3:47: `lost` of `became` goes with words, and `is: there` with any value;",
        ),
        ("{field: a, is: [x, y], lost: [X]}", "3:48: 'X' means both won and lost; remove one of the two"),
        ("{field: a, is: []}", "3:34: `is` of `became` is empty; list the texts"),
    ],
)
def test_what_a_card_can_not_say(became: str, message: str) -> None:
    """Each mistake has its place and the mend."""
    with pytest.raises(ScorecardError) as refused:
        parse_card(f"name: a\nfields: {{n: {{kind: number}}}}\noutcome: {{became: {became}}}\n")
    assert message in str(refused.value)


HORIZON = [
    (
        "kind: flag",
        ", within: 20 days",
        "the card 'a': `within: 20 days` of `outcome` would be ignored: nothing says from which day it counts. Name the"
        " lead's day, `since: FIELD` (a date field); or remove `within:`",
    ),
    (
        "is: there",
        ", within: 20 days",
        "the card 'a': `within: 20 days` of `outcome` would be ignored: nothing says from which day it counts. Name the"
        " lead's day, `since: FIELD` (a date field); or remove `within:`",
    ),
    (
        "kind: flag",
        ", since: met, within: 20 days",
        "the card 'a': `within: 20 days` of `outcome` would be ignored: 'stage' says yes or no, and not when, so a lead"
        " that became one much later would count too. Name the column with the day beside it, `became: {field: stage,"
        " kind: flag, day: COLUMN}`, or alone, `became: {field: COLUMN, kind: date}`; where no column has the day,"
        " remove `within:`, and leave the leads out of the history that are too young to judge",
    ),
]


@pytest.mark.parametrize(("became", "rest", "message"), HORIZON)
def test_a_horizon_that_would_be_ignored(became: str, rest: str, message: str) -> None:
    """A horizon without a day to count from, or beside yes and no, stops training, and `check` says so before."""
    with pytest.raises(DataError) as error:
        read(became, ["yes", "no", "no"] * 20, rest)
    assert str(error.value) == message
    card = parse_card(
        "name: a\nfields: {lead_id: {kind: id}, met: {kind: date}}\n"
        f"outcome: {{became: {{field: stage, {became}}}{rest}}}\n"
    )
    assert find_hints(card) == ("`train` will refuse this card: " + message.removeprefix("the card 'a': "),)


CLOSED = [str(pd.Timestamp(day) + pd.Timedelta(days=40 if i % 3 == 1 else 3))[:10] for i, day in enumerate(DAYS)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "became", ["kind: flag, day: closed", "is: 'yes', day: closed", "is: 'yes', lost: 'no', day: closed"]
)
def test_the_day_beside_yes_and_no(became: str) -> None:
    """Only a lead that became one within the horizon is won; the day of a lost lead counts for nothing."""
    values = ["yes", "yes", "no"] * 20
    days = [day if word == "yes" else None for day, word in zip(CLOSED, values, strict=True)]
    dated = read("kind: date", days, SINCE)
    history = read(became, values, SINCE, closed=CLOSED)
    assert (history.counts, history.notes, history.doubts) == (dated.counts, dated.notes, dated.doubts)
    assert 0 < history.counts.won <= 20
    assert history.won.tolist() == dated.won.tolist()
    assert history.became_on is not None
    assert dated.became_on is not None
    assert np.array_equal(history.became_on, dated.became_on, equal_nan=True)


SINCE = ", since: met, within: 20 days"


@pytest.mark.parametrize(("undated", "stops"), [(3, False), (12, True)])
def test_winners_without_a_day(undated: int, stops: bool) -> None:
    """They are left out with a word; where they are many, training stops."""
    days = [None if i % 3 == 0 and i < 3 * undated else day for i, day in enumerate(CLOSED)]
    history = read("kind: flag, day: closed", ["yes", "yes", "no"] * 20, SINCE, closed=days)
    said = (
        f"{undated} of 40 leads that became opportunities ({undated / 40:.1%}) have no day in 'closed', so nobody can"
        " tell whether they did within 20 days; they are left out."
    )
    assert history.counts.no_outcome == undated
    assert history.doubts == ((f"{said} Mend the days, or name another column.",) if stops else ())
    assert (said in history.notes) != stops


def test_the_column_of_the_day_is_absent() -> None:
    """A day that the history doesn't have stops training."""
    with pytest.raises(DataError) as error:
        read("kind: flag, day: closd", ["yes", "no", "no"] * 20, SINCE, closed=CLOSED)
    assert str(error.value) == (
        "the data frame: has no column 'closd', the day of the outcome that the card names. Did you mean 'closed'?"
    )
