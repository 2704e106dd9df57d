"""Sections that come and go with their only entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml

from leadledger.scoring.card.card_keys import KEYS
from leadledger.scoring.card_edits.card_section import CardSection
from leadledger.scoring.card_edits.card_source import CardSource, Span
from leadledger.scoring.card_edits.splices import (
    NewEntry,
    find_list_indent,
    find_step,
    find_whole,
    insert_lines,
    write_comment_lines,
    write_record,
)
from leadledger.scoring.card_edits.values import WIDEST_LINE, write_inline, write_key, write_record_item
from leadledger.scoring.errors import CardEditError

# The order in which a new section finds its place.
SECTION_ORDER = (
    *("name", "title", "missing", "time_zone", "axes", "events", "fields", "protected", "fairness", "outcome", "steps"),
    *("amount", "segment", "base_rate", "trust", "readable", "criteria", "groups", "rules", "exclude", "stages"),
    *("grades", "write_back", "cases"),
)


def add_first(source: CardSource, section: str, entry: NewEntry) -> str:
    """The text with the first entry of a section, and with the section where there is none."""
    text, node, step = source.text, source.find_node((section,)), find_step(source)
    indent = step if entry.key else find_list_indent(source)
    lines = write_comment_lines(entry.comment, indent)
    record = entry.value
    assert isinstance(record, Mapping)
    if not entry.key:
        written = write_record_item(record, indent, step, 2)
    elif len(write_inline(record)) + indent + len(entry.key) + 2 <= WIDEST_LINE:
        written = write_key(entry.key, record, indent, step)
    else:
        written = [f"{entry.key}:", *write_record(record, indent + step, step)]
    lines += [" " * indent + written[0], *written[1:]]
    if source.root.flow_style:
        raise CardEditError("the card stands in brackets; write its sections on lines of their own first")
    if node is None:
        return add_section(source, section, [f"{section}:", *lines])
    start, end = int(node.start_mark.index), source.find_end(node)
    emptied = CardSource(text[:start].rstrip(" ") + text[end:] if end > start else text)
    return insert_lines(emptied, emptied.start_after(emptied.line_of(min(start, len(emptied.text)) - 1)), lines)


def add_section(source: CardSource, section: str, lines: Sequence[str], *, is_short: bool = False) -> str:
    """The text with a section more, at its place among the others; a short one needs no blank line above it."""
    keys = [str(key.value) for key, _ in source.root.value]
    before = SECTION_ORDER[: SECTION_ORDER.index(section)] if section in SECTION_ORDER else tuple(keys)
    place = max((i + 1 for i, key in enumerate(keys) if key in before), default=0)
    spans = source.list_line_spans(source.root)
    starts = source.list_starts(source.root)
    if not place:
        return insert_lines(source, source.starts[source.find_comment_top(starts[0])], lines)
    is_airy = not is_short and any(source.follows_blank(start) for start in starts[1:])
    return insert_lines(source, spans[place - 1].end, ["", *lines] if is_airy else lines)


def find_section_of_one(source: CardSource, section: str, i: int) -> Span | None:
    """The lines of a section of one entry; None where it must stay, or comments in it would go."""
    entries = CardSection(source, section)
    position = [key.value for key, _ in source.root.value].index(section)
    start = source.list_starts(source.root)[position]
    span = source.list_line_spans(source.root)[position]
    first, top = source.line_of(start), source.line_of(entries.find_comment(i).start)
    assert isinstance(entries.node, yaml.CollectionNode)
    whole = find_whole(source, entries.node, (section,), i)
    has_others = top != first + 1 or whole.end != span.end or source.find_comment_top(start) < first
    if KEYS["card"][section] or has_others or len(source.root.value) == 1:
        return None
    if source.text[start : source.starts[top]].strip() != f"{section}:":
        return None
    is_airy = first > 0 and source.is_blank(first - 1)
    return Span(source.starts[first - 1] if is_airy else span.start, span.end)
