"""A list with words for nothing, values that no lead of the history had and odd days, and the notes on it."""

from __future__ import annotations

from leadledger.scoring.bins import TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.lookup import Table
from leadledger.scoring.scorecard import Learned, Scorecard

_TERM = Table("industry", TextBins(("Retail",)), (1, 2, 3), (1, 2, 3), ())
CARD = Scorecard(
    parse_card(
        "name: c\n"
        "fields: {lead_id: {kind: id}, industry: {kind: text}, budget: {kind: number}, created: {kind: date}}\n"
        "rules: [{name: large, when: budget > 5, points: 3, reason: Is large}]\n"
    ),
    Learned(0.2, terms=(_TERM,), levels={"industry": ("Retail", "Santé")}),
)
COLUMNS = ("lead_id", "industry", "budget", "created")
ROWS = (
    ("1", "N/A", "-", "2025-07-01"),
    ("2", "N/A", "7", "1900-01-01"),
    ("3", "SANTE\u0301", "?", "2031-05-05"),
    ("4", "Space", "8", "1900-01-01"),
    ("5", " retail", "", None),
)
NOTES = (
    "Column 'created' has a placeholder for a day in 2 rows, such as 1900-01-01; if it stands for no day, say"
    " `missing: [1900-01-01]` of its field in the card.",
    "Column 'created' has a day to come in 1 row, such as 2031-05-05, though its field is of the past.",
    "Column 'industry': 2 values 'N/A' are read as not known.",
    "Column 'budget': 1 value '-' and 1 '?' are read as not known.",
    "Column 'industry': 1 value is new to the release, such as 'Space'.",
)
UNSEEN = {"industry": 1}
