"""Whether an edited text says what the edit asks for, and otherwise what it said before."""

from __future__ import annotations

from leadledger.scoring.card_edits.card_section import CardSection, freeze, list_pairs, read_source
from leadledger.scoring.card_edits.card_source import CardSource, Path
from leadledger.scoring.card_edits.edits import WORDS, DeleteEntry, Edit, MoveEntry, PutEntry, SetValue
from leadledger.scoring.card_edits.values import has_value
from leadledger.scoring.errors import CardEditError, ScorecardError


def check_edited(old: CardSource, text: str, edit: Edit) -> None:
    """Refuse a text in which anything but what the edit asks for has changed. Raises CardEditError."""
    try:
        new = read_source(text)
        if _keep_others(old, new, edit) and _has_edit(new, edit):
            return
    except (ScorecardError, CardEditError):
        pass
    section = edit.path[0] if isinstance(edit, SetValue) else getattr(edit, "section", "")
    node = old.find_node((section,))
    where = "the card" if node is None else f"`{section}`, line {node.start_mark.line + 1},"
    raise CardEditError(
        f"{where} is written in a way that can't be edited without changing more; edit its text by hand"
    )


def _keep_others(old: CardSource, new: CardSource, edit: Edit) -> bool:
    """Whether all that the edit doesn't speak of has the same values, in the same order."""
    section = edit.path[0] if isinstance(edit, SetValue) else getattr(edit, "section", "")
    others = [
        [(key.value, freeze(value)) for key, value in source.root.value if key.value != section]
        for source in (old, new)
    ]
    if others[0] != others[1]:
        return False
    if section not in WORDS or (isinstance(edit, SetValue) and len(edit.path) == 1):
        return True
    before, after = (CardSection(source, section) for source in (old, new))
    name = edit.path[1] if isinstance(edit, SetValue) else getattr(edit, "name", "")
    new_name = "" if isinstance(edit, DeleteEntry) else (edit.rename if isinstance(edit, PutEntry) else "") or name
    kept, still = before.list_others(name), after.list_others(new_name)
    if isinstance(edit, MoveEntry):
        moved = [freeze(entries.read_item(entries.find(name))) for entries in (before, after)]
        return kept == still and moved[0] == moved[1]
    return kept == still


def _has_edit(new: CardSource, edit: Edit) -> bool:
    """Whether what the edit asks for is there."""
    match edit:
        case PutEntry():
            entries = CardSection(new, edit.section)
            name = edit.rename or edit.name
            item = entries.read_item(entries.find(name))
            if not edit.keys and not entries.is_list:
                return not item.value
            keys = {key for key, _ in list_pairs(item)}
            return has_value(item, {**({"name": name} if entries.is_list and "name" in keys else {}), **edit.keys})
        case DeleteEntry():
            return edit.name not in CardSection(new, edit.section).names or WORDS[edit.section] == "case"
        case SetValue():
            path: Path = edit.path
            if edit.path[0] in WORDS and len(edit.path) > 2:
                entries = CardSection(new, edit.path[0])
                path = (*entries.path_to(entries.find(edit.path[1])), *edit.path[2:])
            node = new.find_node(path)
            return (
                node is None if edit.value is None else node is not None and has_value(node, edit.value, edit.path[-1])
            )
    return True
