"""The section `outcome` of a card: which column says what became of a lead, and how long to wait for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import yaml

from leadledger.scoring.card.card_keys import KEYS
from leadledger.scoring.card.reading import CardReading
from leadledger.scoring.card.yaml_shapes import KeyValue
from leadledger.scoring.errors import did_you_mean, quote
from leadledger.scoring.outcome import Outcome
from leadledger.scoring.text_forms import fold

THERE = "there"  # `is: there`: any value means that the lead became one
LATEST_LANDMARK = 3650  # days
WAYS_TO_SAY = "write for example `kind: date`, `kind: flag`, `is: ['Closed Won']` or `is: there`"


def read_outcome(reading: CardReading, node: yaml.Node) -> Outcome | None:
    """The outcome; None where it doesn't say which column."""
    shapes = reading.shapes
    record = shapes.read_record(node, "`outcome`", KEYS["outcome"])
    if "became" not in record:
        return None
    became = shapes.read_record(record["became"].value, "`became`", KEYS["became"])
    column = shapes.read_text(became["field"].value, "`field` of `became`") if "field" in became else None
    kind, won, lost = _read_became(reading, record["became"].value, became)
    since = shapes.read_text(record["since"].value, "`since` of `outcome`") if "since" in record else None
    within = shapes.read_days(record["within"].value, "`within` of `outcome`") if "within" in record else None
    minimum: float | None = 100
    if "minimum" in record:
        minimum = shapes.read_number(record["minimum"].value, "`minimum` of `outcome`", 1, 1e9, decimals=0)
    if since is not None:
        _check_since(reading, record["since"].value, since)
    order = shapes.read_text(record["order"].value, "`order` of `outcome`") if "order" in record else None
    if order is not None:
        _check_order(reading, record["order"].value, order)
    day = shapes.read_text(became["day"].value, "`day` of `became`") if "day" in became else None
    if day is not None and kind == "date":
        text = "`day` of `became` goes with yes and no, or with words; with `kind: date` the column has the day itself"
        shapes.add_problem(became["day"].value, f"{text}, so remove `day:`")
    absent = [key for key in ("since", "within") if key not in record]
    if absent and (kind == "date" or day is not None):
        keys = " and ".join(f"`{key}:`" for key in absent)
        what = "is a date" if kind == "date" else "names the day (`day:`)"
        text = f"`became` {what}, so `outcome` needs {keys}, to say from when and how long to wait"
        shapes.add_problem(node, text)
    for key, name in (("field", column), ("day", day)):
        if name is not None and name in reading.list_written_columns():
            text = f"{quote(name)} is the outcome, so it can't be a field too: a lead to be scored doesn't have it yet"
            shapes.add_problem(became[key].value, f"{text}; remove the field")
    days = within[0] if within else 0
    outcome = Outcome(
        column or "", kind or "flag", since or "", days, int(minimum or 100), won, lost, day or "", order or ""
    )
    if "landmarks" not in record:
        return outcome
    return replace(outcome, landmarks=_read_landmarks(reading, record["landmarks"], outcome))


def _read_landmarks(reading: CardReading, pair: KeyValue, outcome: Outcome) -> tuple[int, ...]:
    """The days after `since`, ascending, on which training looks at a lead."""
    shapes, what = reading.shapes, "`landmarks` of `outcome`"
    if "events" not in reading.sections:
        text = f"{what} goes with `events:`; without events training looks at a lead on its day alone, so remove it"
        shapes.add_problem(pair.key, text)
    items = shapes.read_items(pair.value, what)
    days = [shapes.read_number(item, f"an entry of {what}", 0, LATEST_LANDMARK, decimals=0) for item in items]
    landmarks = tuple(int(day) for day in days if day is not None)
    if isinstance(pair.value, yaml.SequenceNode) and not items:
        shapes.add_problem(pair.value, f"{what} is empty; list days after `since`, such as [0, 7, 14, 30]")
    if any(later <= earlier for earlier, later in pairwise(landmarks)):
        shapes.add_problem(pair.value, f"{what} must rise, such as [0, 7, 14, 30]")
    if not outcome.since:
        shapes.add_problem(pair.key, f"{what} counts days from the day of the lead; name that under `since:`")
    elif any(landmarks) and outcome.kind != "date" and not outcome.day:
        text = f"{what} has days after that of the lead, and nothing says when a lead became one: name the day"
        shapes.add_problem(pair.value, f"{text} (`day:` of `became`), or write [0]")
    return landmarks


def _read_became(
    reading: CardReading, node: yaml.Node, became: Mapping[str, KeyValue]
) -> tuple[str | None, tuple[str, ...], tuple[str, ...]]:
    """How the column tells the outcome: its kind, the words for won, and the words for lost."""
    shapes = reading.shapes
    if "is" not in became:
        if "lost" in became:
            text = "`lost` of `became` names the words for lost, so `is:` must name those for won"
            shapes.add_problem(became["lost"].value, text)
        if "kind" not in became:
            if isinstance(node, yaml.MappingNode):
                shapes.add_problem(node, f"`became` lacks `kind:` or `is:`; {WAYS_TO_SAY}")
            return None, (), ()
        return shapes.read_word(became["kind"].value, "`kind` of `became`", ("date", "flag")), (), ()
    if "kind" in became:
        text = "`became` has both `kind:` and `is:`; `is:` needs no kind, so remove `kind:`"
        shapes.add_problem(became["kind"].value, text)
    won, lost = (_read_words(reading, became, key) for key in ("is", "lost"))
    if isinstance(became["is"].value, yaml.ScalarNode) and won == (THERE,):
        if "lost" in became:
            text = f"`lost` of `became` goes with words, and `is: {THERE}` with any value; remove one of the two"
            shapes.add_problem(became["lost"].value, text)
        return "there", (), ()
    both = {fold(text): text for text in won}
    for text in lost:
        if fold(text) in both:
            shapes.add_problem(became["lost"].value, f"{quote(text)} means both won and lost; remove one of the two")
    return "words", won, lost


def _read_words(reading: CardReading, became: Mapping[str, KeyValue], key: str) -> tuple[str, ...]:
    """The texts of a key of `became`: a list of them, or a single one."""
    if key not in became:
        return ()
    node, what = became[key].value, f"`{key}` of `became`"
    if isinstance(node, yaml.ScalarNode):
        text = reading.shapes.read_text(node, what)
        return () if text is None else (text,)
    if isinstance(node, yaml.SequenceNode) and not node.value:
        reading.shapes.add_problem(node, f"{what} is empty; list the texts")
    return tuple(text for text, _ in reading.read_texts(node, what))


def _check_since(reading: CardReading, node: yaml.Node, name: str) -> None:
    """Note a field that is no date, unless it may be one that can't be read."""
    if reading.known is None or (name not in reading.known and reading.misnamed):
        return
    field = reading.known.get(name)
    if field is None or field.kind not in ("date", None):
        hint = did_you_mean(name, reading.list_date_fields()) or " Declare one under `fields:`."
        reading.shapes.add_problem(node, f"`since` of `outcome` must name a date field, not {quote(name)}.{hint}")


def _check_order(reading: CardReading, node: yaml.Node, name: str) -> None:
    """Note a field that can't count up, unless it may be one that can't be read."""
    if reading.known is None or (name not in reading.known and reading.misnamed):
        return
    field = reading.known.get(name)
    computed = name in reading.fields and not reading.fields[name].is_plain
    if field is None or field.kind not in ("number", "id", "date", None) or computed:
        names = [name for name, known in reading.known.items() if known.kind in ("number", "id", "date")]
        hint = did_you_mean(name, names) or " Declare one under `fields:`."
        text = "must name a field that counts up, a number, an id or a date with a column of its own, not"
        reading.shapes.add_problem(node, f"`order` of `outcome` {text} {quote(name)}.{hint}")
