"""Edits put into the text of a card: only what an edit asks for changes, and that is checked before it is returned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import yaml

from leadledger.scoring.card.yaml_shapes import is_name
from leadledger.scoring.card_edits.card_section import CardSection, list_pairs, read_source
from leadledger.scoring.card_edits.card_source import CardSource, Path, is_mapping
from leadledger.scoring.card_edits.checks import check_edited
from leadledger.scoring.card_edits.edits import WORDS, DeleteEntry, Edit, MoveEntry, PutEntry, SetText, SetValue
from leadledger.scoring.card_edits.line_ends import BYTE_ORDER_MARK, keep_line_ends
from leadledger.scoring.card_edits.new_sections import add_first, add_section, find_section_of_one
from leadledger.scoring.card_edits.splices import (
    NewEntry,
    cut_entry,
    cut_lines,
    delete_entry,
    find_step,
    find_whole,
    insert_entry,
    insert_in_block,
    insert_in_flow,
    replace_value,
    write_comment_lines,
)
from leadledger.scoring.card_edits.values import Value, write_key
from leadledger.scoring.errors import CardEditError, quote


def apply_edit(text: str, edit: Edit) -> str:
    """The text of a card with an edit in it.

    Raises ScorecardError where the text is no YAML that a card could be, CardEditError where the edit can't be made.
    """
    if isinstance(edit, SetText):
        return keep_line_ends(text, edit.text)
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    text = text.removeprefix(BYTE_ORDER_MARK)
    old = read_source(text)
    match edit:
        case PutEntry():
            edited = _put(old, edit)
        case DeleteEntry():
            edited = _delete(old, edit)
        case MoveEntry():
            edited = _move(old, edit)
        case SetValue():
            edited = _set_value(old, edit)
    if edited != text:
        check_edited(old, edited, edit)
    return mark + edited


def _put(source: CardSource, edit: PutEntry) -> str:
    entries = CardSection(source, edit.section)
    if entries.is_list and "name" in edit.keys:
        raise CardEditError(f"`name` is among the keys of the {entries.word}; a new name is a `rename`")
    if edit.name not in entries.names:
        return _add(source, entries, edit)
    i = entries.find(edit.name)
    path = entries.path_to(i)
    name = edit.rename or edit.name
    if name != edit.name:
        _check_new_name(entries, name)
    had_name = any(key == "name" for key, _ in list_pairs(entries.read_item(i)))
    keys: dict[str, Value] = (
        {**({"name": name} if had_name or edit.rename else {}), **edit.keys} if entries.is_list else {**edit.keys}
    )
    text = replace_value(source, path, keys)
    if name != edit.name and not entries.is_list:
        text = _rename_key(text, edit.section, edit.name, name)
    if edit.comment is not None:
        text = _set_comment(text, edit.section, name, edit.comment)
    return text


def _add(source: CardSource, entries: CardSection, edit: PutEntry) -> str:
    name = edit.rename or edit.name
    _check_new_name(entries, name)
    value: Mapping[str, Value] = {"name": name, **edit.keys} if entries.is_list else edit.keys
    entry = NewEntry("" if entries.is_list else name, value, edit.comment or "")
    place = entries.find_place(edit.after)
    if entries.items:
        return insert_entry(source, (edit.section,), place, entry)
    return add_first(source, edit.section, entry)


def _check_new_name(entries: CardSection, name: str) -> None:
    if name in entries.names:
        raise CardEditError(f"the card has a {entries.word} {quote(name)} already; choose another name")
    if entries.section != "cases" and not is_name(name):
        rule = "it must start with a to z, go on with a to z, 0 to 9 and _, and have at most 60 characters"
        raise CardEditError(f"the name of the {entries.word} is {quote(name)}; {rule}")
    if not name.strip():
        raise CardEditError(f"the name of the {entries.word} is empty; give it one")


def _rename_key(text: str, section: str, name: str, new: str) -> str:
    node = CardSource(text).find_node((section,))
    assert node is not None
    key = next(key for key, _ in node.value if key.value == name)
    return text[: key.start_mark.index] + new + text[key.end_mark.index :]


def _set_comment(text: str, section: str, name: str, comment: str) -> str:
    source = CardSource(text)
    entries = CardSection(source, section)
    i = entries.find(name)
    if entries.in_flow:
        if comment:
            raise CardEditError(
                f"{entries.word} {quote(name)} shares its line with others, so no comment can stand above it"
            )
        return text
    span = entries.find_comment(i)
    if " ".join(source.list_comment_lines(span)).split() == comment.split():
        return text
    assert isinstance(entries.node, yaml.CollectionNode)
    lines = write_comment_lines(comment, int(entries.node.start_mark.column))
    block = "".join(line + source.line_end for line in lines)
    return text[: span.start] + block + text[span.end :]


def _delete(source: CardSource, edit: DeleteEntry) -> str:
    entries = CardSection(source, edit.section)
    i = entries.find(edit.name)
    if len(entries.items) > 1 or entries.in_flow:
        return delete_entry(source, (edit.section,), i)
    whole = find_section_of_one(source, edit.section, i)
    return delete_entry(source, (edit.section,), i) if whole is None else cut_lines(source, whole)


def _move(source: CardSource, edit: MoveEntry) -> str:
    entries = CardSection(source, edit.section)
    i, place = entries.find(edit.name), entries.find_place(edit.after)
    if place in (i, i + 1):
        return source.text
    node, path = entries.node, (edit.section,)
    assert isinstance(node, yaml.CollectionNode)
    place -= place > i
    if entries.in_flow:
        span = source.list_spans(node)[i]
        rest = CardSource(delete_entry(source, path, i))
        return insert_in_flow(rest, _find_collection(rest, path), place, source.text[span.start : span.end])
    whole = find_whole(source, node, path, i)
    rest = CardSource(cut_entry(source, node, path, i))
    lines = source.list_lines(whole)
    return insert_in_block(rest, _find_collection(rest, path), place, lines)


def _find_collection(source: CardSource, path: Path) -> yaml.CollectionNode:
    node = source.find_node(path)
    assert isinstance(node, yaml.CollectionNode)
    return node


def _set_value(source: CardSource, edit: SetValue) -> str:
    path: Path = ()
    for depth, part in enumerate(edit.path):
        if depth == 1 and edit.path[0] in WORDS:
            entries = CardSection(source, edit.path[0])
            if len(edit.path) == 2:
                raise CardEditError(f"{'.'.join(edit.path)} is a whole {entries.word}; put or delete it instead")
            path = entries.path_to(entries.find(part))
        else:
            path = (*path, part)
        if (depth or part not in WORDS) and depth < len(edit.path) - 1 and not _is_record(source.find_node(path)):
            raise CardEditError(
                f"the card has no {'.'.join(edit.path[: depth + 1])} with keys of its own; add it first"
            )
    if not edit.path:
        raise CardEditError('the path is empty; write it like ["stages", "opportunity", "points"]')
    node, key = source.find_node(path), edit.path[-1]
    parent = source.find_node(path[:-1])
    assert parent is not None  # as the loop has seen
    keys = [name for name, _ in list_pairs(parent)]
    if keys.count(key) > 1:
        raise CardEditError(
            f"{quote(key)} stands twice in {'.'.join(edit.path[:-1])}; remove one of the two in the text"
        )
    if node is not None:
        if edit.value is None:
            return delete_entry(source, path[:-1], keys.index(key))
        return replace_value(source, path, edit.value)
    if edit.value is None:
        return source.text
    if len(path) == 1:
        is_short = isinstance(edit.value, str | int | float | date)
        return add_section(source, key, write_key(key, edit.value, 0, find_step(source)), is_short=is_short)
    if not keys:
        return replace_value(source, path[:-1], {key: edit.value})
    return insert_entry(source, path[:-1], len(keys), NewEntry(key, edit.value))


def _is_record(node: yaml.Node | None) -> bool:
    return node is not None and (is_mapping(node) or not node.value)
