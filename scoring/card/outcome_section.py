"""The section `outcome` of a card: which column says what became of a lead, and how long to wait for it."""

from __future__ import annotations

import yaml

from leadledger.scoring.card.card_keys import KEYS
from leadledger.scoring.card.reading import CardReading
from leadledger.scoring.errors import did_you_mean, quote
from leadledger.scoring.scorecard import Outcome


def read_outcome(reading: CardReading, node: yaml.Node) -> Outcome | None:
    """The outcome; None where it doesn't say which column."""
    shapes = reading.shapes
    record = shapes.read_record(node, "`outcome`", KEYS["outcome"])
    if "became" not in record:
        return None
    became = shapes.read_record(record["became"].value, "`became`", KEYS["became"])
    column = shapes.read_text(became["field"].value, "`field` of `became`") if "field" in became else None
    kind = shapes.read_word(became["kind"].value, "`kind` of `became`", ("date", "flag")) if "kind" in became else None
    since = shapes.read_text(record["since"].value, "`since` of `outcome`") if "since" in record else None
    within = shapes.read_days(record["within"].value, "`within` of `outcome`") if "within" in record else None
    minimum: float | None = 100
    if "minimum" in record:
        minimum = shapes.read_number(record["minimum"].value, "`minimum` of `outcome`", 1, 1e9, decimals=0)
    if since is not None:
        _check_since(reading, record["since"].value, since)
    absent = [key for key in ("since", "within") if key not in record]
    if kind == "date" and absent:
        keys = " and ".join(f"`{key}:`" for key in absent)
        text = f"`became` is a date, so `outcome` needs {keys}, to say from when and how long to wait"
        shapes.add_problem(node, text)
    if column is not None and column in reading.list_written_columns():
        text = f"{quote(column)} is the outcome, so it can't be a field too: a lead to be scored doesn't have it yet"
        shapes.add_problem(became["field"].value, f"{text}; remove the field")
    return Outcome(column or "", kind or "flag", since or "", within[0] if within else 0, int(minimum or 100))


def _check_since(reading: CardReading, node: yaml.Node, name: str) -> None:
    """Note a field that is no date, unless it may be one that can't be read."""
    if reading.known is None or (name not in reading.known and reading.misnamed):
        return
    field = reading.known.get(name)
    if field is None or field.kind not in ("date", None):
        hint = did_you_mean(name, reading.list_date_fields()) or " Declare one under `fields:`."
        reading.shapes.add_problem(node, f"`since` of `outcome` must name a date field, not {quote(name)}.{hint}")
