"""Columns that are filled for the leads that became one, and hardly for others: they were filled in afterwards."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from leadledger.training.card_proposal.column_profile import ColumnProfile, print_filled
from leadledger.training.card_proposal.outcome_candidates import OutcomeCandidate, print_won
from leadledger.training.sources.table import LeadTable

LEAST_FILLED_WON = 0.8  # of the leads that became one
MOST_FILLED_OTHERS = 0.2  # of all others
FEWEST_WON = 10  # of fewer nobody can tell


def find_late_columns(
    connection: duckdb.DuckDBPyConnection,
    leads: LeadTable,
    profiles: Sequence[ColumnProfile],
    candidate: OutcomeCandidate | None,
) -> dict[str, str]:
    """The columns that are filled in with the outcome, each with the proof; `candidate` is the outcome."""
    sparse = [
        profile
        for profile in profiles
        if candidate is not None and profile.name != candidate.column and 0 < profile.filled < profile.rows
    ]
    if candidate is None or not sparse:
        return {}
    won, values = print_won(candidate)
    sums = ", ".join(f"sum(CASE WHEN {print_filled(profile.name)} THEN 1 ELSE 0 END)" for profile in sparse)
    counted = connection.execute(
        f"SELECT coalesce({won}, FALSE) AS won, count(*), {sums} FROM {leads.table} GROUP BY 1", values
    ).fetchall()
    by_outcome = {bool(row[0]): row[1:] for row in counted}
    if len(by_outcome) < 2 or by_outcome[True][0] < FEWEST_WON:
        return {}
    (all_won, *filled_won), (all_others, *filled_others) = by_outcome[True], by_outcome[False]
    late = {}
    for profile, of_won, of_others in zip(sparse, filled_won, filled_others, strict=True):
        if of_won >= LEAST_FILLED_WON * all_won and of_others <= MOST_FILLED_OTHERS * all_others:
            others = f"for {of_others:,} of the {all_others:,} others"
            late[profile.name] = f"filled for {of_won:,} of the {all_won:,} leads that became one, and {others}"
    return late
