"""The outcome as words, as any value, or as what the card doesn't expect there."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError, ScorecardError
from leadledger.training.history import History, read_history

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
