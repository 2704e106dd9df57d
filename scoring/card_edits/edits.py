"""Edits of a card, as data: an entry put, deleted or moved, a value set, the whole text set.

Each has a form in JSON, an object that says by `kind` which it is: `{"kind": "put_rule", "name": "ceo", …}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from leadledger.scoring.card_edits.values import Value
from leadledger.scoring.errors import CardEditError, did_you_mean, quote

SECTIONS = {  # what an entry of a section is called in edits
    "rule": "rules",
    "criterion": "criteria",
    "exclusion": "exclude",
    "group": "groups",
    "field": "fields",
    "event": "events",
    "stage": "stages",
    "case": "cases",
}
WORDS = {section: word for word, section in SECTIONS.items()}
LISTS = frozenset({"rules", "exclude", "stages", "cases"})  # sections whose entries say their names; others are keyed


@dataclass(frozen=True)
class PutEntry:
    """Put an entry into a section: replace the one of its name, or add it where there is none.

    `keys` are all that it has, besides its name; one that it had and that isn't among them is removed. `after` names
    the entry that a new one follows; None: the last one, empty: none, so that it is the first. `comment` stands above
    it; None leaves the comment as it is. `rename` is its new name; empty: it keeps its name.
    """

    section: str
    name: str
    keys: Mapping[str, Value] = field(default_factory=dict)
    after: str | None = None
    comment: str | None = None
    rename: str = ""


@dataclass(frozen=True)
class DeleteEntry:
    """Delete an entry, with the comment that stands directly above it and belongs to it alone."""

    section: str
    name: str


@dataclass(frozen=True)
class MoveEntry:
    """Move an entry, with its comment, behind another. `after` None: to the end, empty: to the start."""

    section: str
    name: str
    after: str | None = None


@dataclass(frozen=True)
class SetValue:
    """Set the value at a path of keys and names of entries, such as `("stages", "opportunity", "points")`.

    The parts of the path but the last must be there already, or be a section. None removes the key.
    """

    path: tuple[str, ...]
    value: Value | None


@dataclass(frozen=True)
class SetText:
    """Set the whole text."""

    text: str


Edit: TypeAlias = PutEntry | DeleteEntry | MoveEntry | SetValue | SetText

_KINDS = [f"{verb}_{word}" for verb in ("put", "delete", "move") for word in SECTIONS] + ["set_value", "set_text"]
_MEMBERS = {
    "put": ("name", "keys", "after", "comment", "rename"),
    "delete": ("name",),
    "move": ("name", "after"),
    "set_value": ("path", "value"),
    "set_text": ("text",),
}


def read_edit(body: object) -> Edit:
    """An edit out of its form in JSON. Raises CardEditError."""
    if not isinstance(body, Mapping):
        raise CardEditError('an edit is an object such as {"kind": "delete_rule", "name": "newsletter"}')
    kind = body.get("kind")
    if kind not in _KINDS:
        raise CardEditError(f"`kind` of an edit is {quote(kind)}.{did_you_mean(str(kind), _KINDS)}")
    verb, _, word = str(kind).partition("_")
    members = _MEMBERS[verb if word in SECTIONS else kind]
    unknown = [member for member in body if member != "kind" and member not in members]
    if unknown:
        raise CardEditError(f"unknown member {quote(unknown[0])} in {kind}.{did_you_mean(str(unknown[0]), members)}")
    if kind == "set_text":
        return SetText(_read_text(body, "text", kind))
    if kind == "set_value":
        path = body.get("path")
        if not isinstance(path, list) or not path or not all(isinstance(part, str) for part in path):
            raise CardEditError(
                '`path` of set_value is not a list of names; write it like ["stages", "lead", "points"]'
            )
        value = body.get("value")
        if value is not None:
            _check_value(value, "value", kind)
        return SetValue(tuple(path), value)
    section, name = SECTIONS[word], _read_text(body, "name", kind)
    after = None if body.get("after") is None else _read_text(body, "after", kind)
    match verb:
        case "delete":
            return DeleteEntry(section, name)
        case "move":
            return MoveEntry(section, name, after)
    keys = body.get("keys", {})
    if not isinstance(keys, Mapping):
        raise CardEditError(f'`keys` of {kind} is not an object; write it like {{"points": 8}}')
    _check_value(keys, "keys", kind)
    comment = None if body.get("comment") is None else _read_text(body, "comment", kind)
    rename = _read_text(body, "rename", kind) if "rename" in body else ""
    return PutEntry(section, name, keys, after, comment, rename)


def write_edit(edit: Edit) -> dict[str, Any]:
    """The form of an edit in JSON."""
    match edit:
        case PutEntry():
            optional = {"after": edit.after, "comment": edit.comment, "rename": edit.rename or None}
            given = {member: value for member, value in optional.items() if value is not None}
            return {"kind": f"put_{WORDS[edit.section]}", "name": edit.name, "keys": dict(edit.keys), **given}
        case DeleteEntry():
            return {"kind": f"delete_{WORDS[edit.section]}", "name": edit.name}
        case MoveEntry():
            after = {} if edit.after is None else {"after": edit.after}
            return {"kind": f"move_{WORDS[edit.section]}", "name": edit.name, **after}
        case SetValue():
            return {"kind": "set_value", "path": list(edit.path), "value": edit.value}
        case SetText():
            return {"kind": "set_text", "text": edit.text}


def _read_text(body: Mapping[str, Any], member: str, kind: str) -> str:
    text = body.get(member)
    if not isinstance(text, str):
        raise CardEditError(f"`{member}` of {kind} is {quote(text)}; it must be a text")
    return text


def _check_value(value: object, where: str, kind: str, levels: int = 8) -> None:
    """Refuse what is no value of a card. Raises CardEditError."""
    if levels == 0:
        raise CardEditError(f"`{where}` of {kind} is nested too deeply")
    if isinstance(value, Mapping):
        for key, part in value.items():
            _check_value(part, f"{where}.{key}", kind, levels - 1)
    elif isinstance(value, list):
        for i, part in enumerate(value):
            _check_value(part, f"{where}[{i}]", kind, levels - 1)
    elif value is None:
        raise CardEditError(f"`{where}` of {kind} is null; leave it out to remove it")
    elif not isinstance(value, str | int | float | bool):
        raise CardEditError(f"`{where}` of {kind} is {quote(value)}, which a card can't hold")
