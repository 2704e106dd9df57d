"""Records as tables for a notebook: what `_repr_html_` of the records of training returns.

Plain HTML without styles of its own, so that it looks like the tables that pandas shows beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any


def table(rows: Sequence[Mapping[str, Any]], title: str = "", sentence: str = "") -> str:
    """Rows as an HTML table under a title and a sentence; all text is escaped. Columns: the keys of the first row."""
    parts = [f"<h4>{escape(title)}</h4>" if title else "", f"<p>{escape(sentence)}</p>" if sentence else ""]
    if rows:
        names = list(rows[0])
        head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in names)
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(shown(row.get(name)))}</td>' for name in names)}</tr>" for row in rows
        )
        parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
    return "".join(parts)


def shown(value: object) -> str:
    """A value as a person reads it: four significant digits, a dash for None."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)
