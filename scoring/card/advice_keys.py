"""The keys of a stage that make its advice depend on the last one: `hold` and `cool_down`."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from leadledger.scoring.axis import AXES
from leadledger.scoring.card.card_keys import KEYS, TRAINED_THRESHOLDS
from leadledger.scoring.card.reading import CardReading
from leadledger.scoring.card.yaml_shapes import KeyValue
from leadledger.scoring.errors import did_you_mean, quote
from leadledger.scoring.gate import CoolDown, Hold
from leadledger.scoring.memory import MEMORY_KINDS

ADVICE_KEYS = ("hold", "cool_down")
MOST_DAYS = 99_999
_THRESHOLDS = ("points", *TRAINED_THRESHOLDS)


def has_advice_keys(reading: CardReading) -> bool:
    """Whether a stage of the card says `hold:` or `cool_down:`, right or wrong."""
    stages = reading.sections["stages"].value if "stages" in reading.sections else None
    records = stages.value if isinstance(stages, yaml.SequenceNode) else []
    return any(
        key.value in ADVICE_KEYS
        for record in records
        if isinstance(record, yaml.MappingNode)
        for key, _ in record.value
    )


def read_hold(reading: CardReading, record: Mapping[str, KeyValue], what: str) -> Hold | None:
    """How a stage keeps a promotion; None where it doesn't say, or can't be read."""
    if "hold" not in record:
        return None
    shapes = reading.shapes
    items = shapes.read_record(record["hold"].value, f"`hold` of {what}", KEYS["hold"])
    band = shapes.read_points(items["band"].value, f"`band` of {what}") if "band" in items else None
    if band is not None and band <= 0:
        text = f"`band` of {what} must be above 0; so many points below the threshold still keep a promotion"
        shapes.add_problem(items["band"].value, text)
        band = None
    days = _read_days(reading, items, what)
    if not any(key in record for key in _THRESHOLDS):
        ways = ", ".join(f"`{key}:`" for key in _THRESHOLDS)
        text = f"{what} has `hold:`, and no threshold that points could fall below; add one of {ways}, or remove it"
        shapes.add_problem(record["hold"].key, text)
        return None
    return None if band is None or days is None else Hold(band, days)


def read_cool_down(reading: CardReading, record: Mapping[str, KeyValue], what: str) -> CoolDown | None:
    """How long a stage leaves a rejected lead alone; None where it doesn't say, or can't be read."""
    if "cool_down" not in record:
        return None
    node = record["cool_down"].value
    unless: str | None = ""
    if isinstance(node, yaml.MappingNode):
        items = reading.shapes.read_record(node, f"`cool_down` of {what}", KEYS["cool_down"])
        days = _read_days(reading, items, what)
        unless = _read_unless(reading, items["unless"].value, what) if "unless" in items else ""
    else:
        written = reading.shapes.read_days(node, f"`cool_down` of {what}")
        days = written[0] if written else None
    if not any(key in record for key in ("requires", *AXES, *_THRESHOLDS)):
        text = f"{what} has `cool_down:`, and nobody is promoted to a stage that asks for nothing; remove it"
        reading.shapes.add_problem(record["cool_down"].key, text)
        return None
    return None if days is None or unless is None else CoolDown(days, unless)


def _read_days(reading: CardReading, items: Mapping[str, KeyValue], what: str) -> int | None:
    if "days" not in items:
        return None
    days = reading.shapes.read_number(items["days"].value, f"`days` of {what}", 1, MOST_DAYS, decimals=0)
    return None if days is None else int(days)


def _read_unless(reading: CardReading, node: yaml.Node, what: str) -> str | None:
    """The date field that ends the wait; None where there is none of the name."""
    name = reading.shapes.read_text(node, f"`unless` of {what}")
    if name is None or reading.known is None:
        return None
    if name not in reading.known:
        if not reading.misnamed:
            dates = [date for date in reading.list_date_fields() if date not in MEMORY_KINDS]
            hint = did_you_mean(name, dates)
            reading.shapes.add_problem(node, f"`unless` of {what} names the unknown field {quote(name)}.{hint}")
        return None
    kind = reading.known[name].kind
    if kind not in ("date", None):
        reading.shapes.add_problem(node, f"`unless` of {what} names '{name}', a {kind}; it needs a date")
        return None
    return name
