"""What a column is about, by the words of its name, from column_meanings.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from unicodedata import normalize

import yaml

from leadledger.scoring.errors import quote
from leadledger.training.evidence.known_later import KnownName, bare, known_later, known_patterns, split_words

# No value of a column of these meanings may stand in a card, and nothing is learned from one.
PERSONAL_MEANINGS = ("mail", "phone", "web", "address", "name", "worker", "note")
# The needs of a lead that an opportunity takes, in the order in which criteria are proposed.
CRITERION_MEANINGS = ("need", "budget", "decision_date", "decider", "supplier")
_WEIGHTS_OF_LATE_NAMES = ("always", "worked", "often")  # `plain` are everyday words, which prove nothing
_SPELT_PLAINLY = {"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "ł": "l", "đ": "d", "&": " and "}


@cache
def find_meanings(name: str) -> tuple[str, ...]:
    """What a column of this name may be about, the likeliest first; none where its words say nothing."""
    words = split_words(spell_plainly(name))
    return tuple(
        meaning
        for meaning, (whole, parts) in _read_meanings().items()
        if words in whole or (parts is not None and parts.search(words))
    )


def find_late_name(name: str) -> KnownName | None:
    """The name under which a CRM writes what is known only later; None where it is no such name."""
    for known in known_later().get(bare(name), ()):
        if known.weight in _WEIGHTS_OF_LATE_NAMES:
            return known
    for pattern, why in known_patterns(strong=True):
        if pattern.search(split_words(name)):
            return KnownName("practice", "many a list", quote(name), why, "worked")
    return None


@cache
def _read_meanings() -> Mapping[str, tuple[frozenset[str], re.Pattern[str] | None]]:
    """Of each meaning the whole names, and the pattern of the words that may stand in one."""
    text = files("leadledger.training.card_proposal").joinpath("column_meanings.yaml").read_text("utf-8")
    meanings = {}
    for meaning, entry in yaml.load(text, yaml.BaseLoader).items():
        whole, words = (tuple(entry.get(key, ())) for key in ("whole", "words"))
        pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b") if words else None
        meanings[meaning] = (frozenset(whole), pattern)
    return meanings


def spell_plainly(name: str) -> str:
    """A name with the Latin letters of ASCII that are nearest to its own."""
    for sign, plain in _SPELT_PLAINLY.items():
        name = name.replace(sign, plain)
    return "".join(sign for sign in normalize("NFKD", name) if sign.isascii())
