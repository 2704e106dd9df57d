"""The entries of a section of a card, by their names, and what their text says of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import yaml

from leadledger.scoring.card.yaml_shapes import Shapes
from leadledger.scoring.card_edits.card_source import CardSource, Path, Span, is_mapping
from leadledger.scoring.card_edits.edits import LISTS, WORDS
from leadledger.scoring.card_edits.line_ends import BYTE_ORDER_MARK
from leadledger.scoring.card_edits.splices import find_whole
from leadledger.scoring.card_edits.values import Value, read_value
from leadledger.scoring.errors import CardEditError, did_you_mean, quote


def read_source(text: str) -> CardSource:
    """The text of a card with its nodes. Raises ScorecardError where it is no YAML, else CardEditError."""
    root = Shapes("card.yaml").compose(text)
    if not isinstance(root, yaml.MappingNode):
        raise CardEditError("the card is not a mapping of `key: value` lines; mend its text first")
    source = CardSource(text, root)
    repeated = [key for key, times in Counter(str(key.value) for key, _ in root.value).items() if times > 1]
    if repeated:
        raise CardEditError(f"{quote(repeated[0])} stands twice in the card; remove one of the two in its text first")
    return source


class CardSection:
    """The entries of a section, by their names. Raises CardEditError where the section has another shape."""

    def __init__(self, source: CardSource, section: str) -> None:
        self.source, self.section, self.word = source, section, WORDS[section]
        self.node = source.find_node((section,))
        self.is_list = section in LISTS
        self.items: list[yaml.Node] = []
        self.names: list[str] = []
        if self.node is None or (isinstance(self.node, yaml.ScalarNode) and not self.node.value):
            return
        if not isinstance(self.node, yaml.SequenceNode if self.is_list else yaml.MappingNode):
            line = self.node.start_mark.line + 1
            shape = "a list" if self.is_list else "a mapping of `name: …` lines"
            raise CardEditError(f"line {line}: `{section}` is not {shape}; mend the card's text first")
        self.items = [item if self.is_list else item[1] for item in self.node.value]
        self.names = [
            self._read_name(item, i) if self.is_list else str(self.node.value[i][0].value)
            for i, item in enumerate(self.items)
        ]

    def _read_name(self, item: yaml.Node, i: int) -> str:
        names = [str(value.value) for key, value in list_pairs(item) if key == "name"]
        return names[0] if names else f"{self.word} {i + 1}"

    @property
    def in_flow(self) -> bool:
        """Whether it stands in brackets."""
        return isinstance(self.node, yaml.CollectionNode) and bool(self.node.flow_style)

    def find(self, name: str) -> int:
        """The position of an entry. Raises CardEditError where there is none, or more than one."""
        places = [i for i, other in enumerate(self.names) if other == name]
        if not places:
            raise CardEditError(f"the card has no {self.word} {quote(name)}.{did_you_mean(name, self.names)}")
        if len(places) > 1:
            lines = " and ".join(str(self.items[i].start_mark.line + 1) for i in places[:2])
            raise CardEditError(
                f"two {self.word}s have the name {quote(name)}, on lines {lines}; rename one of the two"
            )
        return places[0]

    def find_place(self, after: str | None) -> int:
        """How many entries stand before what follows an entry. Raises CardEditError."""
        return len(self.items) if after is None else self.find(after) + 1 if after else 0

    def read_item(self, i: int) -> yaml.Node:
        """The node of an entry."""
        return self.items[i]

    def list_others(self, name: str) -> list[object]:
        """The values of all entries but that of a name, in order."""
        items = [(self.is_list or other, freeze(self.items[i])) for i, other in enumerate(self.names)]
        return [item for item, other in zip(items, self.names, strict=True) if other != name]

    def path_to(self, i: int) -> Path:
        """The path of an entry."""
        return (self.section, i) if self.is_list else (self.section, self.names[i])

    def find_comment(self, i: int) -> Span:
        """The lines of the comment that belongs to an entry."""
        assert isinstance(self.node, yaml.CollectionNode)
        whole = find_whole(self.source, self.node, (self.section,), i)
        return Span(whole.start, self.source.starts[self.source.line_of(self.source.list_starts(self.node)[i])])


def list_names(text: str, section: str) -> tuple[str, ...]:
    """The names of the entries of a section, in order; a case without a name is `case 3`. Raises ScoringError."""
    return tuple(CardSection(read_source(text.removeprefix(BYTE_ORDER_MARK)), section).names)


def read_entry(text: str, section: str, name: str) -> dict[str, Value]:
    """The keys of an entry besides its name, each scalar as its text. Raises ScoringError."""
    entries = CardSection(read_source(text.removeprefix(BYTE_ORDER_MARK)), section)
    value = read_value(entries.read_item(entries.find(name)))
    record = dict(value) if isinstance(value, Mapping) else {}
    return {key: part for key, part in record.items() if section not in LISTS or key != "name"}


def read_comment(text: str, section: str, name: str) -> str:
    """The comment that stands directly above an entry and belongs to it, a line for each of its lines."""
    source = read_source(text.removeprefix(BYTE_ORDER_MARK))
    entries = CardSection(source, section)
    i = entries.find(name)
    return "" if entries.in_flow else "\n".join(source.list_comment_lines(entries.find_comment(i)))


def find_entry_lines(text: str, section: str, name: str) -> tuple[int, int]:
    """The first and the last line of an entry with the comment that belongs to it, counted from 1.

    Of one in brackets, the lines that it shares with others. Raises ScoringError.
    """
    source = read_source(text.removeprefix(BYTE_ORDER_MARK))
    entries = CardSection(source, section)
    i = entries.find(name)
    assert isinstance(entries.node, yaml.CollectionNode)
    span = source.list_spans(entries.node)[i]
    first = source.line_of(span.start if entries.in_flow else entries.find_comment(i).start)
    return first + 1, source.line_of(span.end - 1) + 1


def list_pairs(node: yaml.Node) -> list[tuple[str, yaml.Node]]:
    """The keys of a mapping and the nodes of their values; none of what is no mapping."""
    return [(str(key.value), value) for key, value in node.value] if is_mapping(node) else []


def freeze(node: yaml.Node) -> object:
    """The values of a node, in order, with repeated keys."""
    if isinstance(node, yaml.MappingNode):
        return tuple((str(key.value), freeze(value)) for key, value in node.value)
    if isinstance(node, yaml.SequenceNode):
        return [freeze(item) for item in node.value]
    return (node.value, node.tag == "tag:yaml.org,2002:null")
