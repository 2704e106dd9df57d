"""What each part of a scorecard gives to each lead of a history, and how much each field tells, as data frames.

Points of data frames are whole points with a tenth, as people see them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadledger.scoring.bins import Bins
from leadledger.scoring.each_points import name_earned
from leadledger.scoring.lookup import Combination, Pair, Table, Term
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.query import name_counted
from leadledger.scoring.scorecard import Scorecard
from leadledger.training.evidence.forecast_quality import judge
from leadledger.training.history import History
from leadledger.training.learn.trust import probability_at

TABLE_COLUMNS = ["term", "bin", "beside", "points", "error", "leads"]
IMPORTANCE_COLUMNS = ["field", "spread", "loss_if_left_out"]


def list_tables(card: Scorecard) -> pd.DataFrame:
    """The learned tables and pairs, a row for each bin or cell.

    Columns: `term`, its name; `bin` and, in a pair, `beside`, the labels of its bins (None in a table); `points`;
    `error`, their standard error (NaN: not known); `leads`, how many of the history fell into it. Combinations are
    sums of small trees and have no rows: `print(training.scorecard)` and `releases show` draw them.
    """
    rows = [row for term in card.learned.terms for row in _list_cells(term)]
    return pd.DataFrame(rows, columns=TABLE_COLUMNS)


def _list_cells(term: Term) -> list[tuple[object, ...]]:
    match term:
        case Table(bins=bins, points=points, counts=counts):
            errors = term.errors or (np.nan,) * len(points)
            cells = zip(bins.labels, points, errors, counts, strict=True)
            return [(term.name, label, None, p / 10, error / 10, leads) for label, p, error, leads in cells]
        case Pair(bins=(rows, columns)):
            return [
                (
                    term.name,
                    row,
                    column,
                    term.points[i][j] / 10,
                    term.errors[i][j] / 10 if term.errors else np.nan,
                    term.counts[i][j],
                )
                for i, row in enumerate(_labels(rows))
                for j, column in enumerate(_labels(columns))
            ]
        case Combination():
            return []


def _labels(bins: Bins) -> tuple[str, ...]:
    return bins.labels


def find_contributions(card: Scorecard, history: History, positions: NDArray[np.intp] | None = None) -> pd.DataFrame:
    """The ledger of each lead of a history: a row a lead, a column for each entry, and `total`, their sum, the last.

    The index is the number of the lead's row in the history's source. Columns are `start`, `rule NAME`, `group NAME`
    for what a group takes away, and the names of learned terms. `positions` (m,) choose leads; None: all.
    """
    entries = {
        **{f"rule {rule.rule.name}": f"r:{rule.rule.name}" for rule in card.rules},
        **{f"rule {each.rule.name}": name_counted(name_earned(each.rule.name)) for each in card.each_rules},
        **{f"group {group.name}": f"g:{group.name}" for group in card.groups},
        **{term.name: f"t:{term.name}" for term in card.learned.terms},
    }
    selected = [f"CAST(coalesce({quoted(column)}, 0) AS INTEGER)" for column in entries.values()]
    chosen = slice(None) if positions is None else positions
    columns = [column[chosen] / 10 for column in history.select(card, selected, ledger=True)]
    rows = pd.Index(history.rows[chosen], name="row")
    frame = pd.DataFrame(dict(zip(entries, columns, strict=True)), index=rows)
    frame.insert(0, "start", card.learned.start / 10)
    return frame.assign(total=frame.sum(axis=1).round(1))


def measure_importance(card: Scorecard, history: History, held: NDArray[np.intp]) -> pd.DataFrame:
    """How much each field tells about the held-out leads, the most telling first. Columns:

    `field`; `spread`, its share of the variance of the scores, which add up to 1 over all fields: what several fields
    earn together is split evenly between them, and a field that holds others back has a share below 0;
    `loss_if_left_out`, by how much the log-loss rises if each entry that asks the field is the same for all leads.
    `held` (m,) are the positions of the held-out leads.
    """
    ledger = find_contributions(card, history, held)
    total = ledger["total"].to_numpy()
    off = total - total.mean()
    variance = float(off @ off)
    asks = _find_asked_fields(card)
    won, learned = history.won[held], card.learned
    loss = judge(won, probability_at(learned, np.rint(total * 10).astype(np.int64))).log_loss
    rows = []
    for field in dict.fromkeys(field for fields in asks.values() for field in fields):
        parts = {name: ledger[name].to_numpy() for name, fields in asks.items() if field in fields}
        shares = (float((part - part.mean()) @ off) / len(asks[name]) for name, part in parts.items())
        without = total - sum(part - part.mean() for part in parts.values())
        left_out = judge(won, probability_at(learned, np.rint(without * 10).astype(np.int64))).log_loss
        rows.append((field, sum(shares) / variance if variance else 0.0, left_out - loss))
    frame = pd.DataFrame(rows, columns=IMPORTANCE_COLUMNS)
    return frame.sort_values(["spread", "field"], ascending=[False, True], ignore_index=True)


def _find_asked_fields(card: Scorecard) -> dict[str, tuple[str, ...]]:
    """The plain fields behind each entry of the ledger, and the kind of events behind a rule for each."""
    find = card.card.find_plain_fields
    asked: dict[str, tuple[str, ...]] = {}
    of_groups: dict[str, dict[str, None]] = {f"group {group.name}": {} for group in card.groups}
    for priced in card.rules:
        rule = priced.rule
        fields = find(rule.when.fields + ((rule.half_life.of,) if rule.half_life else ()))
        asked[f"rule {rule.name}"] = fields
        if rule.group:
            of_groups[f"group {rule.group}"] |= dict.fromkeys(fields)
    for each in card.each_rules:
        fields = (f"event {each.rule.each}",)
        asked[f"rule {each.rule.name}"] = fields
        if each.rule.group:
            of_groups[f"group {each.rule.group}"] |= dict.fromkeys(fields)
    groups = {name: tuple(fields) for name, fields in of_groups.items()}
    return {**asked, **groups, **{term.name: find(term.fields) for term in card.learned.terms}}
