"""Single changes of a card's text at a place: an entry put in, taken out or moved, a value replaced.

Each takes a whole text and returns a whole text. What stands in brackets is changed within its line, what stands in
lines by whole lines.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from leadledger.scoring.card.card_scalars import write_comment, write_scalar
from leadledger.scoring.card_edits.card_source import CardSource, Path, Span, is_mapping
from leadledger.scoring.card_edits.values import (
    WIDEST_LINE,
    Value,
    can_be_folded,
    fold,
    has_value,
    is_plain,
    write_inline,
    write_key,
    write_record_item,
    write_text,
)
from leadledger.scoring.errors import CardEditError


@dataclass(frozen=True)
class NewEntry:
    """An entry to put into a collection: its key (empty in a list), its value, the comment above it."""

    key: str
    value: Value
    comment: str = ""


def replace_value(source: CardSource, path: Path, value: Value) -> str:
    """The text with another value at a path. What the old value and the new one share stays as it is written."""
    node = source.find_node(path)
    assert node is not None  # callers put in what isn't there
    if has_value(node, value, _key_of(path)):
        return source.text
    if is_mapping(node) and isinstance(value, Mapping) and node.value and value:
        return _replace_keys(source, path, value)
    if isinstance(node, yaml.SequenceNode) and _is_list(value) and node.value and value:
        return _replace_items(source, path, value)  # type: ignore[arg-type]  # a list, as just asked
    return _write_over(source, node, path, value)


def _replace_keys(source: CardSource, path: Path, record: Mapping[str, Value]) -> str:
    if not any(key in record for key in _list_keys(source, path)):  # else it would be empty for a moment
        return _write_over(source, source.find_node(path), path, record)  # type: ignore[arg-type]  # it is there
    for key in _list_keys(source, path):
        if key not in record:
            source = CardSource(delete_entry(source, path, _list_keys(source, path).index(key)))
    before = ""
    for key, value in record.items():
        keys = _list_keys(source, path)
        if key in keys:
            text = replace_value(source, (*path, key), value)
        else:
            place = keys.index(before) + 1 if before in keys else 1
            text = insert_entry(source, path, place, NewEntry(key, value))
        source = source if text == source.text else CardSource(text)
        before = key
    return source.text


def _list_keys(source: CardSource, path: Path) -> list[str]:
    node = source.find_node(path)
    return [str(key.value) for key, _ in node.value] if node is not None and is_mapping(node) else []


def _replace_items(source: CardSource, path: Path, values: Sequence[Value]) -> str:
    """The text with another list: what both have at the start and at the end stays."""
    node = source.find_node(path)
    assert node is not None
    items, key = node.value, _key_of(path)
    shared = min(len(items), len(values))
    if len(items) == len(values):
        for i, value in enumerate(values):
            source = CardSource(replace_value(source, (*path, i), value))
        return source.text
    head = next((i for i in range(shared) if not has_value(items[i], values[i], key)), shared)
    tail = next(
        (i for i in range(shared - head) if not has_value(items[-1 - i], values[-1 - i], key)),
        shared - head,
    )
    for i in range(head, len(values) - tail):  # first in, then out, so that it is never empty
        source = CardSource(insert_entry(source, path, i, NewEntry("", values[i])))
    for _ in range(len(items) - head - tail):
        source = CardSource(delete_entry(source, path, len(values) - tail))
    return source.text


def _write_over(source: CardSource, node: yaml.Node, path: Path, value: Value) -> str:
    """The text with a value in place of another of a different shape, or of a scalar."""
    key, text = _key_of(path), source.text
    start, in_flow = int(node.start_mark.index), _is_in_flow(source, path)
    end = start + len(text[start : source.find_end(node)].rstrip())
    style = _choose_style(node, value, key, in_flow)
    written = write_inline(value, key, in_flow=in_flow, style=style)
    column = start - source.starts[source.line_of(start)]
    indent = _find_item_indent(source, path)
    was_long = column + len(str(node.value)) > WIDEST_LINE
    is_long = column + len(written) > WIDEST_LINE or (style == ">" and not was_long)
    is_scalar = not isinstance(value, Mapping) and not _is_list(value)
    if is_scalar and is_long and not in_flow and indent is not None and can_be_folded(write_text(value, key)):
        inner = indent + (find_step(source) if style != ">" else _find_fold_step(source, node, indent))
        written = source.line_end.join([">-", *fold(write_text(value, key), inner)])
    if start == end:  # nothing stands there yet
        return f"{text[:start]} {written}{text[start:]}"
    if indent is not None and isinstance(path[-1], str):
        after_key = text.index(":", _find_key_end(source, path)) + 1
        is_below = source.line_of(start) > source.line_of(after_key) and not text[after_key:start].strip()
        if is_below or column <= indent:
            return f"{text[:after_key]} {written}{text[end:]}"
    return f"{text[:start]}{written}{text[end:]}"


def _choose_style(node: yaml.Node, value: Value, key: str, in_flow: bool) -> str | None:
    """The style of the old value, for the new one to have; none where the old one had quotes because it needed them."""
    if not isinstance(node, yaml.ScalarNode) or isinstance(value, Mapping) or _is_list(value):
        return None
    needed = node.style in ("'", '"') and not is_plain(str(node.value), key, in_flow=in_flow)
    return None if needed and is_plain(value, key, in_flow=in_flow) else node.style


def insert_entry(source: CardSource, path: Path, place: int, entry: NewEntry) -> str:
    """The text with an entry more in the collection at a path; `place` is how many entries stand before it."""
    node = source.find_node(path)
    assert isinstance(node, yaml.CollectionNode)
    assert node.value, "an empty collection is written over"
    if node.flow_style:
        if entry.comment:
            raise CardEditError(explain_shared_line(source, int(node.start_mark.index)))
        value = write_inline(entry.value, entry.key, in_flow=True)
        return insert_in_flow(source, node, place, f"{write_scalar(entry.key)}: {value}" if entry.key else value)
    column = int(node.start_mark.column)
    sibling = node.value[max(0, place - 1)]
    lines = [*write_comment_lines(entry.comment, column), *_write_like(source, entry, sibling, column)]
    return insert_in_block(source, node, place, lines)


def insert_in_flow(source: CardSource, node: yaml.CollectionNode, place: int, written: str) -> str:
    """The text with an entry more in a collection that stands in brackets."""
    spans = source.list_spans(node)
    if place:
        at = spans[place - 1].end
        return f"{source.text[:at]}, {written}{source.text[at:]}"
    at = spans[0].start
    return f"{source.text[:at]}{written}, {source.text[at:]}"


def insert_in_block(source: CardSource, node: yaml.CollectionNode, place: int, lines: Sequence[str]) -> str:
    """The text with the lines of an entry more, apart from the others by a blank line where all of them are."""
    starts = source.list_starts(node)
    is_airy = len(starts) > 1 and all(source.follows_blank(start) for start in starts[1:])
    if place:
        return insert_lines(source, source.list_line_spans(node)[place - 1].end, ["", *lines] if is_airy else lines)
    if source.find_indent(source.line_of(starts[0])) != node.start_mark.column:
        raise CardEditError(explain_shared_line(source, starts[0]))
    at = source.starts[source.find_comment_top(starts[0])]
    return insert_lines(source, at, [*lines, ""] if is_airy else lines)


def insert_lines(source: CardSource, at: int, lines: Sequence[str]) -> str:
    """The text with lines more, at the start of a line or at the end of the text."""
    text = source.text
    block = "".join(line + source.line_end for line in lines)
    if at == len(text) and not _ends_with_break(source):
        block = source.line_end + block.removesuffix(source.line_end)
    return text[:at] + block + text[at:]


def _write_like(source: CardSource, entry: NewEntry, sibling: object, column: int) -> list[str]:
    """An entry as lines, in the manner of one beside it."""
    node = sibling[1] if isinstance(sibling, tuple) else sibling
    assert isinstance(node, yaml.Node)
    step, indent = find_step(source), " " * column
    in_lines = _is_block_mapping(node) and node.start_mark.column > column
    offset = int(node.start_mark.column) - column if in_lines else step
    record = entry.value if isinstance(entry.value, Mapping) and entry.value else None
    if entry.key:
        line = f"{write_scalar(entry.key)}: {write_inline(entry.value, entry.key)}"
        if record is None or not (in_lines or column + len(line) > WIDEST_LINE):
            return [
                indent + first if i == 0 else first
                for i, first in enumerate(write_key(entry.key, entry.value, column, step))
            ]
        return [f"{indent}{write_scalar(entry.key)}:", *write_record(record, column + offset, step)]
    line = f"- {write_inline(entry.value, in_flow=record is not None)}"
    if record is None or not (in_lines or column + len(line) > WIDEST_LINE):
        return [indent + line]
    first, *others = write_record_item(record, column, step, offset if in_lines else 2)
    return [indent + first, *others]


def write_record(record: Mapping[str, Value], indent: int, step: int) -> list[str]:
    """The keys of a record as lines."""
    parts = [write_key(key, value, indent, step) for key, value in record.items()]
    return [" " * indent + line if i == 0 else line for part in parts for i, line in enumerate(part)]


def write_comment_lines(comment: str, column: int) -> list[str]:
    """A text as lines of a comment."""
    start = " " * column + "# "
    lines = [write_comment(line).strip() for line in comment.splitlines()]
    width = max(WIDEST_LINE - len(start), 40)
    return [(start + part).rstrip() for line in lines for part in (textwrap.wrap(line, width) or [""])]


def delete_entry(source: CardSource, path: Path, i: int) -> str:
    """The text without an entry of the collection at a path, and without the comment that belongs to it."""
    node, text = source.find_node(path), source.text
    assert isinstance(node, yaml.CollectionNode)
    spans = source.list_spans(node)
    if len(spans) == 1:
        return _write_over(source, node, path, {} if is_mapping(node) else [])
    if node.flow_style:
        cut = Span(spans[i - 1].end, spans[i].end) if i else Span(spans[0].start, spans[1].start)
        return text[: cut.start] + text[cut.end :]
    starts = [span.start for span in spans]
    if i == 0 and is_mapping(node) and source.find_indent(source.line_of(starts[0])) != node.start_mark.column:
        return text[: starts[0]] + text[starts[1] :]  # the next key goes behind the dash
    return cut_entry(source, node, path, i)


def cut_entry(source: CardSource, node: yaml.CollectionNode, path: Path, i: int) -> str:
    """The text without the lines of an entry; of the blank lines before and after it, one goes as well."""
    whole, starts = find_whole(source, node, path, i), source.list_starts(node)
    first, behind = source.line_of(whole.start), source.line_of(whole.end)
    is_apart = i == len(starts) - 1 or source.is_blank(behind)
    is_free = i > 0 and source.list_spans(node)[i - 1].end < source.starts[first]  # the line above belongs to no text
    if is_free and is_apart and source.is_blank(first - 1):
        whole = Span(source.starts[first - 1], whole.end)
    elif i == 0 and len(starts) > 1 and source.follows_blank(starts[1]) and source.is_blank(behind):
        whole = Span(whole.start, source.start_after(behind))
    return cut_lines(source, whole)


def find_whole(source: CardSource, node: yaml.CollectionNode, path: Path, i: int) -> Span:
    """The lines of an entry of a block, with the comment that belongs to it."""
    starts = source.list_starts(node)
    above = source.line_of(_find_key_end(source, path)) if path and isinstance(path[-1], str) else -1
    span = source.find_lines(source.list_spans(node)[i])
    return Span(source.find_comment(starts, i, above).start, span.end)


def cut_lines(source: CardSource, span: Span) -> str:
    """The text without whole lines."""
    text = source.text
    start = span.start
    if span.end == len(text) and not _ends_with_break(source) and start:  # the last line has no end; nor shall the new
        start = source.ends[source.line_of(start) - 1]
    return text[:start] + text[span.end :]


def _ends_with_break(source: CardSource) -> bool:
    return source.starts[-1] == len(source.text)


def _is_in_flow(source: CardSource, path: Path) -> bool:
    """Whether a place is within brackets."""
    nodes = [source.find_node(path[:depth]) for depth in range(len(path))]
    return any(isinstance(node, yaml.CollectionNode) and bool(node.flow_style) for node in nodes)


def _find_key_end(source: CardSource, path: Path) -> int:
    """The index behind the key of a path."""
    node = source.find_node(path[:-1])
    assert node is not None
    return next(int(key.end_mark.index) for key, _ in node.value if key.value == path[-1])


def _find_item_indent(source: CardSource, path: Path) -> int | None:
    """The column of the key, or of the dash, that a value belongs to."""
    node = source.find_node(path[:-1]) if path else None
    return int(node.start_mark.column) if node is not None else None


def find_step(source: CardSource) -> int:
    """By how many blanks the card indents."""
    columns = [int(value.start_mark.column) for _, value in _list_root(source) if _is_block_mapping(value)]
    return min((column for column in columns if column), default=2)


def find_list_indent(source: CardSource) -> int:
    """How far the lists of the card's sections stand to the right of their keys."""
    columns = [
        int(value.start_mark.column)
        for _, value in _list_root(source)
        if isinstance(value, yaml.SequenceNode) and not value.flow_style
    ]
    return min(columns, default=find_step(source))


def _find_fold_step(source: CardSource, node: yaml.Node, indent: int) -> int:
    """How far the lines of a folded text stand to the right of its key."""
    line = source.line_of(int(node.start_mark.index)) + 1
    return max(1, source.find_indent(line) - indent)


def _list_root(source: CardSource) -> Sequence[tuple[yaml.Node, yaml.Node]]:
    return source.root.value if is_mapping(source.root) else ()


def _is_block_mapping(node: yaml.Node) -> bool:
    return isinstance(node, yaml.MappingNode) and not node.flow_style


def _key_of(path: Path) -> str:
    """The key that a value belongs to, its own or that of the list it stands in."""
    return next((part for part in reversed(path) if isinstance(part, str)), "")


def _is_list(value: Value) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def explain_shared_line(source: CardSource, index: int) -> str:
    """Why an entry can't have a comment of its own."""
    line = source.line_of(index) + 1
    return f"line {line}: what shares its line with others can have no comment above it; put it on a line of its own"
