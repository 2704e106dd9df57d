"""The form that adds a field to a card: what it is called, its kind, its column, its question."""

from __future__ import annotations

import re

from leadledger.api.requests.form import Form
from leadledger.scoring.card_edits.card_section import list_names
from leadledger.scoring.card_edits.edits import PutEntry
from leadledger.scoring.card_edits.values import Value
from leadledger.scoring.errors import CardEditError, quote

KIND_WORDS = (
    ("text", "a text"),
    ("number", "a number"),
    ("flag", "yes or no"),
    ("date", "a day"),
    ("choices", "several of a list"),
    ("id", "a number of its own (an id)"),
)

_WORD = re.compile(r"[a-z0-9]+")


def write_field(text: str, form: Form) -> PutEntry:
    """The edit that adds the field of a form to a card's text. Raises CardEditError."""
    label, kind = " ".join(form.get("label").split()), form.get("kind")
    column, question = form.get("column").strip(), " ".join(form.get("ask").split())
    if not label:
        raise CardEditError("the field has no name; say what it is called")
    if kind not in dict(KIND_WORDS):
        raise CardEditError(f"{quote(kind)} is no kind of field; choose one of the list")
    name = "_".join(_WORD.findall(label.lower()))[:50]
    if not name or not name[0].isalpha():
        name = f"field_{name}" if name else "field"
    names = list_names(text, "fields")
    if name in names:
        raise CardEditError(f"the card has a field {quote(name)} already; call the new one otherwise")
    keys: dict[str, Value] = {"kind": kind, "learn": False}
    if label.lower() != name.replace("_", " "):
        keys["label"] = label
    if column and column != name:
        keys["from"] = column
    if question:
        keys["ask"] = question
    return PutEntry("fields", name, keys)
