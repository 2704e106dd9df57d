"""The key `explore` of a stage: the share of leads below its threshold that are promoted at random."""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml

from leadledger.scoring.card.card_keys import KEYS, THRESHOLD_KEYS
from leadledger.scoring.card.reading import CardReading
from leadledger.scoring.card.yaml_shapes import KeyValue
from leadledger.scoring.errors import quote
from leadledger.scoring.exploration import LARGEST_SHARE, LEAST_SHARE, Exploration

_SHARE = re.compile(r"([0-9]{1,3}(?:[.][0-9]{1,6})?) ?%")
_SALT = re.compile(r"[A-Za-z0-9._-]{1,40}")


def read_exploration(
    reading: CardReading, record: Mapping[str, KeyValue], what: str, stage: str, *, is_first: bool
) -> Exploration | None:
    """What a stage promotes at random; None where it doesn't say, or what it says can't be read."""
    if "explore" not in record:
        return None
    reading.explores = True
    shapes, node = reading.shapes, record["explore"].value
    share: float | None = None
    salt: str | None = ""
    if isinstance(node, yaml.ScalarNode):
        share = _read_share(reading, node, f"`explore` of {what}")
    else:
        items = shapes.read_record(node, f"`explore` of {what}", KEYS["explore"])
        if "share" in items:
            share = _read_share(reading, items["share"].value, f"`share` of {what}")
        if "salt" in items:
            salt = _read_salt(reading, items["salt"].value, f"`salt` of {what}")
    if is_first:
        return None  # which is a mistake of its own
    if not any(key in record for key in THRESHOLD_KEYS):
        text = (
            f"{what} explores below a threshold, and has none; give it one by `{'`, `'.join(THRESHOLD_KEYS[:-1])}` or"
            f" `{THRESHOLD_KEYS[-1]}`, or remove `explore:`"
        )
        shapes.add_problem(record["explore"].key, text)
        return None
    has_id = any(field.kind == "id" for field in reading.fields.values())
    if not has_id and reading.known is not None and all(field.kind for field in reading.known.values()):
        text = (
            f"{what} explores, which draws leads by their ids, and the card has no field of `kind: id`; declare one"
            " under `fields:`, as in `lead_id: {kind: id}`"
        )
        shapes.add_problem(record["explore"].key, text)
    return None if share is None or salt is None else Exploration(stage, share, salt)


def _read_share(reading: CardReading, node: yaml.Node, what: str) -> float | None:
    """A share (0..1), written as `1 %`."""
    text = reading.shapes.read_text(node, what)
    if text is None:
        return None
    match = _SHARE.fullmatch(text.strip())
    share = round(float(match[1]) / 100, 10) if match else 0.0
    if match is None:
        reading.shapes.add_problem(node, f"{what} is {quote(text)}; write it like `1 %`")
    elif not LEAST_SHARE <= share <= LARGEST_SHARE:
        limits = f"{100 * LEAST_SHARE:g} % and {100 * LARGEST_SHARE:g} %"
        reading.shapes.add_problem(node, f"{what} is {quote(text)}; it must lie between {limits}")
    else:
        return share
    return None


def _read_salt(reading: CardReading, node: yaml.Node, what: str) -> str | None:
    """A word that makes the draws other ones."""
    text = reading.shapes.read_text(node, what)
    if text is not None and not _SALT.fullmatch(text):
        rule = "use letters (A to Z), digits, `.`, `_` and `-`, at most 40 in all"
        reading.shapes.add_problem(node, f"{what} is {quote(text)}; {rule}")
        return None
    return text
