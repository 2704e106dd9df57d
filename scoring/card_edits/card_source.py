"""The text of a card with its nodes: which lines belong to what, and which comments stand above it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from leadledger.scoring.card.yaml_shapes import Loader
from leadledger.scoring.errors import CardEditError

Path: TypeAlias = tuple[str | int, ...]  # the keys, and the positions in lists, that lead from the card to a node

_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # what YAML 1.1 counts as the end of a line
_COMMENT = re.compile(r" *#")
# `#` without a blank behind it, or with several, turns text of a card off, and belongs to nobody.
_EXPLAINS = re.compile(r" *#( \S| ?$)")


@dataclass(frozen=True)
class Span:
    """A part of a text, from one index to before another."""

    start: int
    end: int


class CardSource:
    """The text of a card that is a mapping, and its nodes. Columns, lines and indexes count from 0."""

    def __init__(self, text: str, root: yaml.Node | None = None) -> None:
        self.text = text
        node = yaml.compose(text, Loader=Loader) if root is None else root
        assert isinstance(node, yaml.MappingNode)
        self.root = node
        breaks = [match.span() for match in _BREAK.finditer(text)]
        self.starts = [0, *(end for _, end in breaks)]  # of each line
        self.ends = [*(start for start, _ in breaks), len(text)]  # of each line, without its break
        self.line_end = _BREAK.search(text)[0] if breaks else "\n"  # type: ignore[index]  # there is one

    def find_node(self, path: Path) -> yaml.Node | None:
        """The node at a path; None where there is none."""
        node: yaml.Node | None = self.root
        for part in path:
            if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
                node = node.value[part]
            elif isinstance(node, yaml.MappingNode):
                node = next((value for key, value in node.value if key.value == part), None)
            else:
                return None
        return node

    def line_of(self, index: int) -> int:
        """The line that an index stands on."""
        return bisect_right(self.starts, index) - 1

    def read_line(self, line: int) -> str:
        """The text of a line, without its break."""
        return self.text[self.starts[line] : self.ends[line]]

    def start_after(self, line: int) -> int:
        """The index behind a line and its break."""
        return self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)

    def find_indent(self, line: int) -> int:
        """How many blanks a line starts with."""
        text = self.read_line(line)
        return len(text) - len(text.lstrip(" "))

    def is_blank(self, line: int) -> bool:
        """Whether nothing stands on a line."""
        return not self.read_line(line).strip()

    def find_end(self, node: yaml.Node) -> int:
        """The index behind the last sign of a node. (The nodes of a block end where the next piece starts.)"""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self.find_end(last[1] if isinstance(last, tuple) else last)
        start, end = int(node.start_mark.index), int(node.end_mark.index)
        if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            raw = self.text[start:end]
            keeps_all = "+" in _BREAK.split(raw, maxsplit=1)[0]
            return end if keeps_all else start + len(raw.rstrip())
        return end

    # -- the entries of a block -------------------------------------------------------------------------------------

    def list_starts(self, node: yaml.CollectionNode) -> list[int]:
        """The index at which each entry of a collection starts: its key, its dash, or in a flow its first sign."""
        if isinstance(node, yaml.MappingNode):
            return [int(key.start_mark.index) for key, _ in node.value]
        if node.flow_style:
            return [int(item.start_mark.index) for item in node.value]
        starts = [int(node.start_mark.index)]
        dash = re.compile(rf"[^\S\n]{{{node.start_mark.column}}}-(\s|$)")
        for before in node.value[:-1]:
            line = self.line_of(self.find_end(before) - 1) + 1
            while line < len(self.starts) and not dash.match(self.read_line(line)):
                line += 1
            if line == len(self.starts):
                raise CardEditError(f"line {node.start_mark.line + 1}: the entries of this list can't be told apart")
            starts.append(self.starts[line] + int(node.start_mark.column))
        return starts

    def list_spans(self, node: yaml.CollectionNode) -> list[Span]:
        """From the start of each entry of a collection to behind its last sign."""
        ends = [self.find_end(item[1] if isinstance(item, tuple) else item) for item in node.value]
        starts = self.list_starts(node)
        return [Span(start, max(end, start + 1)) for start, end in zip(starts, ends, strict=True)]

    def list_line_spans(self, node: yaml.CollectionNode) -> list[Span]:
        """The lines of each entry of a block, with the comments behind it that are indented more than it."""
        return [self.find_lines(span) for span in self.list_spans(node)]

    def find_lines(self, span: Span) -> Span:
        """The lines of an entry of a block: from the start of its first to the start of the line after its last."""
        column = span.start - self.starts[self.line_of(span.start)]
        last = self.line_of(span.end - 1)
        line = last + 1
        while line < len(self.starts):
            if _COMMENT.match(self.read_line(line)) and self.find_indent(line) > column:
                last = line
            elif not self.is_blank(line):
                break
            line += 1
        return Span(self.starts[self.line_of(span.start)], self.start_after(last))

    def find_comment(self, starts: Sequence[int], i: int, above: int) -> Span:
        """The lines of the comment that belongs to an entry, directly above it; empty where there is none.

        `starts` are those of the entries beside it, `above` is the line of what they stand in. A comment that begins a
        paragraph of several entries is their heading, and belongs to none of them.
        """
        first = self.line_of(starts[i])
        top = self.find_comment_top(starts[i], _EXPLAINS)
        is_heading = top < first and self.is_heading(starts, i, top, above)
        return (
            Span(self.starts[first], self.starts[first]) if is_heading else Span(self.starts[top], self.starts[first])
        )

    def find_comment_top(self, start: int, pattern: re.Pattern[str] = _COMMENT) -> int:
        """The first line of the comment directly above what starts at an index and as far in; else its own line."""
        top = self.line_of(start)
        column = start - self.starts[top]
        if self.find_indent(top) != column:  # it shares its line with what it stands in
            return top
        while top and pattern.match(self.read_line(top - 1)) and self.find_indent(top - 1) == column:
            top -= 1
        return top

    def is_heading(self, starts: Sequence[int], i: int, top: int, above: int) -> bool:
        """Whether the comment from a line on stands above several entries, as the first lines of a paragraph."""
        if i + 1 >= len(starts):
            return False
        follower = self.line_of(starts[i + 1])
        if self.is_blank(follower - 1) or self.find_comment_top(starts[i + 1]) < follower:
            return False
        if top == above + 1:  # at the start of a section, as the first of its headings
            return any(self._has_heading(start) for start in starts[i + 1 :])
        return self.is_blank(top - 1)

    def _has_heading(self, start: int) -> bool:
        return self.find_comment_top(start) < self.line_of(start) and self.follows_blank(start)

    def follows_blank(self, start: int) -> bool:
        """Whether a blank line stands above an entry and its comment."""
        top = self.find_comment_top(start)
        return top > 0 and self.is_blank(top - 1)

    def list_lines(self, span: Span) -> list[str]:
        """The lines of a span, without their breaks."""
        return [self.read_line(line) for line in range(self.line_of(span.start), self.line_of(span.end - 1) + 1)]

    def list_comment_lines(self, span: Span) -> Iterator[str]:
        """The texts of comment lines, without their signs."""
        for line in range(self.line_of(span.start), self.line_of(span.end)):
            yield self.read_line(line).strip()[1:].strip()


def is_mapping(node: yaml.Node) -> bool:
    """Whether a node is a mapping."""
    return isinstance(node, yaml.MappingNode)
