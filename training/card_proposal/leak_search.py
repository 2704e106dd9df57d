"""Fields of a proposed card that know the outcome, by the proofs that training would stop at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError
from leadledger.training.card_proposal.outcome_candidates import OutcomeCandidate
from leadledger.training.sources.reading import ReadingOptions

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS_SEARCHED = 100_000
FEWEST_OF_AN_OUTCOME = 100  # leads that became one, and others; of fewer, proofs are chance
_WHAT_IS_PROVEN = {
    "after": "its days lie on or after the day of the outcome",
    "filled": "it is filled for the leads that became one, and hardly for others",
    "one_outcome": "it has values that leads of one outcome alone have",
    "copy": "it nearly repeats the outcome",
    "ranks": "its order is nearly that of the outcome",
    "alone": "alone it tells nearly as much of the outcome as all other fields, and knows what they don't",
}
_USUAL_PROOF = "its name and its values say that it is filled in later"


@dataclass(frozen=True)
class LeakSearch:
    """What was found: of each field why it knows the outcome. `note`, a sentence, says why the search was not made."""

    fields: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


def search_leaks(
    text: str, data: Path | str | pd.DataFrame, reading: ReadingOptions, candidate: OutcomeCandidate | None, rows: int
) -> LeakSearch:
    """The fields of a card, given as text, that know the outcome of a list. The proofs quote no value of the list."""
    if candidate is None or min(candidate.won, candidate.decided - candidate.won) < FEWEST_OF_AN_OUTCOME:
        return LeakSearch()
    if rows > MOST_ROWS_SEARCHED:
        few = f"{MOST_ROWS_SEARCHED:,} rows"
        return LeakSearch(note=f"Fields that know the outcome were not looked for in more than {few}; `train` does.")
    try:
        from leadledger.training.evidence.leakage import find_leaks
        from leadledger.training.history_reader import read_history
    except ModuleNotFoundError as error:
        return LeakSearch(
            note=f"Fields that know the outcome were not looked for, which needs {error.name}:"
            " pip install 'leadledger[train]'"
        )
    card = parse_card(text)
    try:
        suspects = find_leaks(card, read_history(card, data, reading=reading)).suspects
    except DataError as error:
        return LeakSearch(note=f"`train` would stop at this list: {str(error).splitlines()[0]}")
    return LeakSearch(
        {
            suspect.field: _WHAT_IS_PROVEN.get(suspect.kind, _USUAL_PROOF)
            for suspect in suspects
            if suspect.field in card.fields
        }
    )
