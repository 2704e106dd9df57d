"""The lines to write in a card where a field looks like a leak: to leave it out, or to vouch for it."""

from __future__ import annotations

import json
import re
from typing import Any

from leadledger.scoring.field import Field


def how_to_mend(field: Field, rules: tuple[str, ...]) -> str:
    """What to write in the card: to leave the field out, or to vouch for it. `rules`: those that use a date or id."""
    if rules:
        listed = ", ".join(f"'{rule}'" for rule in rules)
        out = [f"To leave it out, take it out of the {'rule' if len(rules) == 1 else 'rules'} {listed}."]
    else:
        out = ["To leave it out, write in the card:", f"  {_field_line(field, 'learn', 'no')}"]
    return "\n".join(
        (
            *out,
            "If it is surely known when a lead is scored, write:",
            f"  {_field_line(field, 'known_when_scored', 'yes')}",
        )
    )


def _field_line(field: Field, key: str, value: str) -> str:
    """A field as it stands in a card, on one line, with one key more."""
    written: dict[str, str] = {"kind": field.kind}
    if field.derived_text:
        written["is"] = _quoted(field.derived_text)
    if field.values:
        written["values"] = _listed(field.values)
    if field.other:
        written["other"] = field.other
    if field.separator != ";":
        written["separator"] = f'"{field.separator}"'
    for name, text in (("unit", field.unit), ("better", field.better), ("ask", field.ask), ("label", field.label)):
        if text:
            written[name] = _quoted(text)
    if field.missing:
        written["missing"] = _listed([f"{value:g}" if isinstance(value, float) else value for value in field.missing])
    systems: dict[str, list[str]] = {}
    for system, column in field.sources:
        systems.setdefault(system, []).append(column)
    columns = {system: _quoted(names[0]) if len(names) == 1 else _listed(names) for system, names in systems.items()}
    if columns:
        inside = ", ".join(f"{_quoted(system)}: {names}" for system, names in columns.items())
        written["from"] = columns.get("") or f"{{{inside}}}"
    written[key] = value
    return f"{field.name}: {{{', '.join(f'{name}: {text}' for name, text in written.items())}}}"


def _listed(texts: Any) -> str:
    return f"[{', '.join(_quoted(str(text)) for text in texts)}]"


def _quoted(text: str) -> str:
    """A text as YAML on one line: in quotes unless it is of plain words or a number."""
    plain = re.fullmatch(r"-?[0-9]+(\.[0-9]+)?|[A-Za-z_][A-Za-z0-9_.-]*( [A-Za-z0-9_.-]+)*", text)
    return text if plain and text.lower() != "null" else json.dumps(text, ensure_ascii=False)
