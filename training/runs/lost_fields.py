"""Fields that the current release learned from, and that a new history has no values for: lost, or renamed."""

from __future__ import annotations

from leadledger.scoring.errors import quote
from leadledger.scoring.scorecard import Card, Scorecard
from leadledger.training.history import History
from leadledger.training.sources.logged import LoggedHistory


def find_lost_fields(card: Card, history: History, data: object, current: Scorecard) -> dict[str, str]:
    """The fields that a new release would lose without its author's word, and why each is lost.

    A field that the card leaves out (`learn: no`), or has no longer, is its author's decision, unless the log has its
    values: then it may have been renamed.
    """
    logged = data.values_left_out if isinstance(data, LoggedHistory) else {}
    read = {column for field in card.plain_fields if field.name in history.frame for column in field.written_columns}
    lost = {}
    for name in dict.fromkeys(name for term in current.learned.all_terms for name in term.fields):
        if name in read or name in history.frame:
            continue
        field = card.fields.get(name)
        if field is not None and field.learn:
            lost[name] = history.left_out.get(name, "has no value in the history")
        elif field is None and logged.get(name):
            lost[name] = (
                f"the log has {logged[name]:,} values of it, which no field reads; if it was renamed, name it under"
                " `from:` of the new field"
            )
    return lost


def describe_lost_fields(lost: dict[str, str], release: str) -> str:
    """Why a release that loses fields is held back."""
    fields = "; ".join(f"{quote(name)} ({why})" for name, why in lost.items())
    return f"the current release {release} learned from what this one lacks: {fields}"
