"""A card's text in blocks: each section, and each rule, field or case in it, with the comments above it.

The blocks of a text are the text, sign for sign. So two edits of one card can be put together where they touch
different blocks, and comments and order stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import yaml

from leadledger.scoring.card.yaml_shapes import Shapes
from leadledger.scoring.errors import CardEditError, ScorecardError

# Whose block counts where both have changed it; None: neither, it is left as `theirs` has it and reported.
Preference: TypeAlias = Literal["mine", "theirs"] | None
SINGULARS = {
    **{"axes": "axis", "cases": "case", "criteria": "criterion", "events": "event", "exclude": "exclusion"},
    **{"fields": "field", "groups": "group", "rules": "rule", "stages": "stage", "steps": "step"},
}

_LINE = re.compile(
    "[^\n\r\x85\u2028\u2029]*(?:\r\n|[\n\r\x85\u2028\u2029])|[^\n\r\x85\u2028\u2029]+$"
)  # as YAML 1.1 ends them


class BlockKey(NamedTuple):
    """What a block is: its section, and the name of its item; an empty name: the section itself."""

    section: str
    name: str

    @property
    def words(self) -> str:
        """The block for people: `rule decider`, `outcome`."""
        return f"{SINGULARS.get(self.section, self.section)} {self.name}" if self.name else self.section


class CardBlock(NamedTuple):
    """A part of the text of a card, whole lines; `line` is that of what it is about, below its comments, from 1 on."""

    key: BlockKey
    text: str
    line: int


class BlockChange(NamedTuple):
    """A block that differs between two texts of a card: it was `added`, `removed` or `changed`."""

    key: BlockKey
    what: Literal["added", "removed", "changed"]

    @property
    def words(self) -> str:
        """The change for people: `rule decider changed`."""
        return f"{self.key.words} {self.what}"


@dataclass(frozen=True)
class MergedCard:
    """Two edits of one text put together; `both` are the blocks that both have changed, each in another way."""

    text: str
    both: tuple[BlockKey, ...]


def split_card(text: str) -> tuple[CardBlock, ...] | None:
    """The blocks of a card's text, in its order; None where it is no YAML that could be a card."""
    try:
        root = Shapes("card.yaml").compose(text)
    except ScorecardError:
        return None
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        return None
    lines = _LINE.findall(text)
    blocks: list[CardBlock] = []
    taken: dict[BlockKey, int] = {}
    starts = [*_find_starts(root, lines)]
    for position, (key, start) in enumerate(starts):
        start = 0 if position == 0 else start
        end = starts[position + 1][1] if position + 1 < len(starts) else len(lines)
        taken[key] = taken.get(key, 0) + 1
        unique = key if taken[key] == 1 else BlockKey(key.section, f"{key.name} ({taken[key]})")
        own = next(
            (line for line in range(start, end) if lines[line].strip(" \t\r\n") and not _is_comment(lines[line])), start
        )
        blocks.append(CardBlock(unique, "".join(lines[start:end]), own + 1))
    return tuple(blocks)


def replace_block(text: str, key: BlockKey, new: str) -> str:
    """The text of a card with another text in the place of a block, between the blank lines around it.

    Raises CardEditError where there is no such block.
    """
    blocks = split_card(text) or ()
    if key not in (block.key for block in blocks):
        raise CardEditError(f"the card has no {key.words} any more")
    end = "\r\n" if "\r\n" in text else "\n"
    lines = end.join(new.strip("\r\n").splitlines())
    return "".join(
        f"{_blank_before(block.text)}{lines}{_blank_after(block.text, end)}" if block.key == key else block.text
        for block in blocks
    )


def _blank_before(text: str) -> str:
    return text[: len(text) - len(text.lstrip("\r\n"))]


def _blank_after(text: str, end: str) -> str:
    return text[len(text.rstrip("\r\n")) :] or end


def list_block_changes(old: str, new: str) -> tuple[BlockChange, ...] | None:
    """The blocks in which two texts of a card differ, in the order of the new one; None where one can't be split."""
    was, now = split_card(old), split_card(new)
    if was is None or now is None:
        return None
    before, after = _by_key(was), _by_key(now)
    changes = [
        BlockChange(key, "changed" if key in before else "added")
        for key, text in after.items()
        if before.get(key, "").strip() != text.strip() or key not in before
    ]
    return (*changes, *(BlockChange(key, "removed") for key in before if key not in after))


def merge_cards(base: str, mine: str, theirs: str, on_both: Preference = None) -> MergedCard | None:
    """Two edits of `base` put together; None where one of the texts can't be split.

    Where both have changed a block, `on_both` says whose counts; else it stays as in `theirs`.
    """
    parts = [split_card(text) for text in (base, mine, theirs)]
    if any(part is None for part in parts):
        return None
    was, my, their = (_by_key(part or ()) for part in parts)
    both = []
    chosen: dict[BlockKey, str | None] = {}  # None: it is removed
    for key in dict.fromkeys((*their, *my, *was)):
        before, ours, others = (_strip(blocks.get(key)) for blocks in (was, my, their))
        if ours in (others, before):
            chosen[key] = their.get(key)
        elif others == before:
            chosen[key] = my.get(key)
        else:
            both.append(key)
            chosen[key] = (my if on_both == "mine" else their).get(key)
    order = _put_in_order(was, my, their, chosen)
    texts = [chosen[key] or "" for key in order]
    whole = [
        text if text.endswith("\n") or place == len(texts) - 1 else f"{text}\n" for place, text in enumerate(texts)
    ]
    return MergedCard("".join(whole), tuple(both))


def _put_in_order(
    was: Mapping[BlockKey, str],
    my: Mapping[BlockKey, str],
    their: Mapping[BlockKey, str],
    chosen: Mapping[BlockKey, str | None],
) -> list[BlockKey]:
    """The keys of the chosen blocks in the order of `their`, or of `my` where only that one has moved any.

    What the other one has added stands after the block that it follows there.
    """
    common = [key for key in was if key in my and key in their]
    has_moved = [[key for key in side if key in was and key in my and key in their] != common for side in (my, their)]
    first, second = (my, their) if has_moved == [True, False] else (their, my)
    order = [key for key in first if chosen.get(key) is not None]
    before: BlockKey | None = None
    for key in second:
        if chosen.get(key) is None:
            continue
        if key not in order:
            follows = before is not None and before.section == key.section
            order.insert(order.index(before) + 1 if before is not None and follows else _find_end(order, key), key)
        before = key
    return order


def _find_end(order: Sequence[BlockKey], key: BlockKey) -> int:
    """Where a section ends, or the card."""
    places = [place for place, other in enumerate(order) if other.section == key.section]
    return places[-1] + 1 if places else len(order)


def _by_key(blocks: Sequence[CardBlock]) -> dict[BlockKey, str]:
    return {block.key: block.text for block in blocks}


def _strip(text: str | None) -> str | None:
    return None if text is None else text.strip()


def _find_starts(root: yaml.MappingNode, lines: Sequence[str]) -> Iterator[tuple[BlockKey, int]]:
    """The key of each block, and the line (from 0) where it starts, the comments above it included."""
    free = 0  # the first line that belongs to nothing before
    for key, value in root.value:
        if key.start_mark.line < free:
            continue  # it shares a line with the one before
        yield BlockKey(str(key.value), ""), _climb(lines, key.start_mark.line, free)
        free = key.start_mark.line + 1
        for name, node in _list_items(value):
            line, column = node.start_mark.line, node.start_mark.column
            while isinstance(value, yaml.SequenceNode) and line > free and "-" not in lines[line][:column]:
                line, column = line - 1, len(lines[line - 1])
            if line >= free:
                yield BlockKey(str(key.value), name), _climb(lines, line, free)
            free = max(free, line + 1, _find_last_line(node) + 1)
        free = max(free, _find_last_line(value) + 1)


def _list_items(value: yaml.Node) -> Iterator[tuple[str, yaml.Node]]:
    """The items of a section that has a line for each, by name; the nodes start where the items do."""
    if isinstance(value, yaml.CollectionNode) and not value.flow_style:
        for position, item in enumerate(value.value):
            if isinstance(value, yaml.MappingNode):
                name, content = item
                yield str(name.value), yaml.MappingNode("", [item], name.start_mark, content.end_mark)
            else:
                yield _find_name(item) or f"number {position + 1}", item


def _find_name(item: yaml.Node) -> str:
    if isinstance(item, yaml.ScalarNode):
        return str(item.value)
    if isinstance(item, yaml.MappingNode):
        names = (content.value for name, content in item.value if name.value == "name")
        return next((name for name in names if isinstance(name, str)), "")
    return ""


def _find_last_line(node: yaml.Node) -> int:
    """The last line of a value, from 0. That of a block ends where the next thing begins, so its last leaf counts."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    end = node.end_mark
    return int(end.line - 1 if end.column == 0 and end.line > node.start_mark.line else end.line)


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _climb(lines: Sequence[str], line: int, free: int) -> int:
    """The first of the blank lines and comments right above a line, none before `free`."""
    while line > free and (not lines[line - 1].strip() or _is_comment(lines[line - 1])):
        line -= 1
    return line
