"""YAML with positions: the shapes that a card is made of, and every mistake in them, each with its line and column.

Scalars stay texts until the reader says what they are, so that `[NO, SE]` is two countries and `012` is no octal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from leadledger.scoring.card.card_numbers import correct_number
from leadledger.scoring.errors import Problem, ScorecardError, did_you_mean, quote

LARGEST_CARD = 1_000_000  # bytes of a card
DEEPEST_CARD = 20  # levels of a card
LONGEST_SECTION = 1000  # entries of a section of a card
MOST_PROBLEMS_LISTED = 100  # in one report; nobody mends more before the next try

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YES = {"yes": True, "true": True, "no": False, "false": False}
# What YAML has no place for, and what makes a text read otherwise than it is: controls, halves of characters, marks
# that turn the direction of writing.
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # what YAML 1.1 counts as the end of a line
_ESCAPE = re.compile(r"\\(?:x(..)|u(....)|U(........)|(\s+)|(.))", re.DOTALL)

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# The words of libyaml, and ours. `{}` is the character that it points at.
_WORDS = (
    ("tab character that violates indentation", "a tab can't indent a line; use spaces"),
    ("cannot start any token", "a text can't start with {}; put it in quotes"),
    (
        "mapping values are not allowed",
        "a ':' can't stand here; put a text that holds ': ' in quotes, or mend the indentation",
    ),
    ("unexpected end of stream", "this quote is never closed"),
    ("unexpected document indicator", "this quote is never closed"),
    (
        "expected ',' or '}'",
        "this '{{' is never closed, or a ',' is missing after one of its values; in {{ }}, a text that holds a ','"
        " or quotes needs double quotes around all of it",
    ),
    ("expected ',' or ']'", "this '[' is never closed, or a ',' is missing after one of its values"),
    ("could not find expected ':'", "a ':' is missing after this key, or a text goes on in the wrong column"),
    ("expected '-' indicator", "an entry of the list is expected here, starting with '- '; or mend the indentation"),
    ("did not find expected key", "{} is not expected here; keys of one level start in one column"),
    ("block sequence entries are not allowed", "a list can't start here; put '- ' on a line of its own"),
    ("expected comment or line break", "a text can't start with | or >; put it in quotes"),
    ("unknown escape character", "a backslash in double quotes starts an escape; put the text in single quotes"),
    ("expected alphabetic or numeric", "a text can't start with & or *; put it in quotes"),
    ("expected node content", "a value is missing here, or a text can't start with {}: put it in quotes"),
    ("another document", "a second document starts here; a card is one, so remove the line `---`"),
)
_AT_START = (
    "end of stream",
    "document indicator",
    "expected ','",
    "expected ':'",
    "escape",
    "alphabetic",
    "line break",
)


@dataclass(frozen=True)
class KeyValue:
    """A key of a mapping and its value, as YAML nodes."""

    key: yaml.Node
    value: yaml.Node


class Shapes:
    """Reads shapes out of one file and collects the problems; a shape that can't be read is None."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.source = ""
        self.problems: list[Problem] = []

    def compose(self, text: str) -> yaml.Node:
        """The root node of the file. Raises ScorecardError where it isn't YAML that can be walked."""
        self.source = text
        if len(text.encode("utf-8", "surrogatepass")) > LARGEST_CARD:
            raise ScorecardError([Problem(self.file, 1, 1, f"the card is larger than {LARGEST_CARD:,} bytes")])
        control = _CONTROL.search(text)
        if control:
            problem = self._problem_at(
                text, control.start(), f"the control character {quote(control[0])} can't be in a card; remove it"
            )
            raise ScorecardError([problem])
        try:
            self._check_events(yaml.parse(text, Loader=Loader))
            root = yaml.compose(text, Loader=Loader)
        except yaml.MarkedYAMLError as error:
            raise ScorecardError([self._explain_yaml_error(error)]) from None
        if root is None:
            raise ScorecardError([Problem(self.file, 1, 1, "the card is empty; it needs at least `name` and `fields`")])
        return root

    def _check_events(self, events: Iterable[yaml.Event]) -> None:
        """Refuse what could make a small file large, deep, or other than what it looks like."""
        depth = 0
        for event in events:
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            text = ""
            if depth > DEEPEST_CARD:
                text = "the card is nested too deeply; a card needs no more than six levels"
            elif isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                text = "anchors (&) and aliases (*) are not allowed; write the value out, or put the text in quotes"
            elif getattr(event, "tag", None):
                text = "tags (!) are not allowed; put a text that starts with '!' in quotes"
            if text:
                raise ScorecardError([self._problem_at_mark(event.start_mark, text)])

    def _explain_yaml_error(self, error: yaml.MarkedYAMLError) -> Problem:
        words = str(error.problem or error.context or "")
        mark = error.problem_mark or error.context_mark
        if error.context_mark and any(part in words for part in _AT_START):
            mark = error.context_mark  # where the piece starts that has no end
        sign = self.source[mark.index : mark.index + 1] if mark else ""
        ours = next((ours for theirs, ours in _WORDS if theirs in words), words.replace("{", "{{").replace("}", "}}"))
        if sign == "\t":
            ours = _WORDS[0][1]
        if "node content" in words and mark and not self.source[mark.index :].strip():
            ours = "the card ends here, and a bracket is still open"
        if "expected key" in words and mark and self.source[: mark.index].rstrip(" ")[-1:] in ("'", '"'):
            ours = "the text ends at the quote before {}; write a quote inside single quotes twice: ''"
        name = quote(sign) if sign.strip() else "this"
        return self._problem_at_mark(mark, f"this is not YAML: {ours.format(name)}")

    def _problem_at_mark(self, mark: Any, message: str) -> Problem:
        """A problem where libyaml has put a mark, which counts from 0."""
        return Problem(self.file, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, message)

    def _problem_at(self, text: str, index: int, message: str, line: int = 0, column: int = 0) -> Problem:
        """A problem so many characters into a text that itself starts at a line and column (from 0)."""
        lines = _BREAK.split(text[:index])
        start = column if len(lines) == 1 else 0
        return Problem(self.file, line + len(lines), start + len(lines[-1]) + 1, message)

    def add_problem(self, node: yaml.Node, text: str, offset: int | None = None) -> None:
        """Note a mistake at a node; `offset` counts characters of its text, from 0."""
        mark = node.start_mark
        raw = self.source[mark.index : node.end_mark.index]
        index = _find_offset(raw, node, offset) if offset is not None and isinstance(node, yaml.ScalarNode) else 0
        self.problems.append(self._problem_at(raw, index, text, mark.line, mark.column))
        if len(self.problems) >= MOST_PROBLEMS_LISTED:
            raise ScorecardError(self.problems)

    # -- shapes -----------------------------------------------------------------------------------------------------

    def read_mapping(self, node: yaml.Node, what: str) -> dict[str, KeyValue]:
        """The items of a mapping by key. Notes a node of another shape, keys that are no texts, and duplicates."""
        if not isinstance(node, yaml.MappingNode):
            self.add_problem(node, f"{what} must be a mapping of `key: value` lines, not {_describe_node(node)}")
            return {}
        items: dict[str, KeyValue] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.add_problem(key, f"a key of {what} must be a plain word, not {_describe_node(key)}")
            elif key.value in items:
                first = items[key.value].key.start_mark.line + 1
                where = f"first on line {first}" if first < key.start_mark.line + 1 else "both on this line"
                self.add_problem(key, f"{quote(key.value)} stands twice in {what}, {where}; remove one of the two")
            else:
                items[key.value] = KeyValue(key, value)
        return items

    def read_record(self, node: yaml.Node, what: str, keys: Mapping[str, bool]) -> dict[str, KeyValue]:
        """The items of a mapping whose keys are known; `keys` says of each whether it must be there."""
        items = self.read_mapping(node, what)
        absent = [key for key, needed in keys.items() if needed and key not in items]
        unknown = [key for key in items if key not in keys]
        for key in unknown:
            if _is_torn_off(node, items[key]):
                mend = "in { }, a text that holds a ',' needs double quotes around all of it"
                self.add_problem(items.pop(key).key, f"{quote(key)} in {what} has no value; {mend}")
                absent = []
                continue
            hint = did_you_mean(key, [known for known in keys if known not in items] or keys)
            if len(unknown) == len(absent) == 1 and "Did you mean" not in hint:
                hint = f" Is it meant to be '{absent[0]}', which is missing?"
            self.add_problem(items.pop(key).key, f"unknown key {quote(key)} in {what}.{hint}")
            # A key that is misspelt is not missing as well.
            absent = [missing for missing in absent if f"'{missing}'" not in hint]
        if isinstance(node, yaml.MappingNode):
            for key in absent:
                self.add_problem(node, f"{what} has no '{key}'; add `{key}:`")
        return items

    def check_length(self, node: yaml.Node, what: str) -> bool:
        """Whether a section has no more entries than a person can look after, and a printed card can hold."""
        many = len(node.value) if isinstance(node, yaml.CollectionNode) else 0
        if many > LONGEST_SECTION:
            self.add_problem(node, f"{what} has {many:,} entries; a card has at most {LONGEST_SECTION:,} of each kind")
        return many <= LONGEST_SECTION

    def read_items(self, node: yaml.Node, what: str) -> list[yaml.Node]:
        """The nodes of a list."""
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        self.add_problem(node, f"{what} must be a list, not {_describe_node(node)}")
        return []

    # -- scalars ----------------------------------------------------------------------------------------------------

    def read_text(self, node: yaml.Node, what: str) -> str | None:
        """A text, as written; not empty."""
        if not isinstance(node, yaml.ScalarNode):
            self.add_problem(node, f"{what} must be a text, not {_describe_node(node)}")
            return None
        text = str(node.value)
        control = _CONTROL.search(text)
        if control:
            self.add_problem(
                node, f"{what} holds the control character {quote(control[0])}; remove it", control.start()
            )
            return None
        if not text.strip() or is_null(node):
            hint = f"; if the text '{text}' is meant, put it in quotes" if text.strip() else ""
            self.add_problem(node, f"{what} is empty{hint}")
            return None
        return text

    def read_line(self, node: yaml.Node, what: str) -> str:
        """A text that is shown to people: its white space becomes single spaces. Empty where there is a problem."""
        return " ".join((self.read_text(node, what) or "").split())

    def read_name(self, node: yaml.Node, what: str) -> str | None:
        """An identifier."""
        text = self.read_text(node, what)
        if text is not None and not is_name(text):
            rule = "it must start with a to z, go on with a to z, 0 to 9 and _, and have at most 60 characters"
            self.add_problem(node, f"{what} is {quote(text)}; {rule}")
            return None
        return text

    def read_names(self, items: Mapping[str, KeyValue], what: str) -> Iterator[tuple[str, KeyValue]]:
        """The items whose keys are identifiers; notes the others."""
        for key, item in items.items():
            if self.read_name(item.key, f"the name of {what}") is not None:
                yield key, item

    def read_word(self, node: yaml.Node, what: str, words: tuple[str, ...]) -> str | None:
        """One of a few words."""
        text = self.read_text(node, what)
        if text is not None and text not in words:
            self.add_problem(node, f"{what} is {quote(text)}, which is not one of: {', '.join(words)}")
            return None
        return text

    def read_yes(self, node: yaml.Node, what: str) -> bool | None:
        """Yes or no."""
        text = self.read_text(node, what)
        if text is None:
            return None
        if text.lower() not in _YES:
            self.add_problem(node, f"{what} is {quote(text)}; write yes or no")
            return None
        return _YES[text.lower()]

    def read_number(
        self, node: yaml.Node, what: str, low: float = -1e9, high: float = 1e9, decimals: int = 15
    ) -> float | None:
        """A number between two bounds, with so many decimals at most."""
        text = self.read_text(node, what)
        if text is None:
            return None
        mend = correct_number(text)
        if mend or not _NUMBER.fullmatch(text):
            wrong = mend or "is not a number; write it like 8 or -2.5"
            self.add_problem(node, f"{what} is {quote(text)}, which {wrong}")
            return None
        if not low <= float(text) <= high:
            self.add_problem(
                node,
                f"{what} is {quote(text)}; it must lie between {low:,.15g} and {high:,.15g}",
            )
            return None
        if len(text.partition(".")[2].rstrip("0")) > decimals:
            wanted = (
                "at most one decimal"
                if decimals == 1
                else f"at most {decimals} decimals"
                if decimals
                else "no decimals"
            )
            self.add_problem(node, f"{what} is {quote(text)}; it must have {wanted}")
            return None
        return float(text)

    def read_points(self, node: yaml.Node, what: str, limit: float = 1000) -> int | None:
        """Points, as whole tenths."""
        number = self.read_number(node, what, -limit, limit, decimals=1)
        return None if number is None else round(number * 10)

    def read_days(self, node: yaml.Node, what: str, of: bool = False) -> tuple[int, str] | None:
        """`90 days`, or with `of`, `14 days of last_activity`: the days, and the name of the field."""
        text = self.read_text(node, what)
        if text is None:
            return None
        pattern = r"([0-9]{1,5}) days?" + (r" of ([a-z][a-z0-9_]*)" if of else "")
        match = re.fullmatch(pattern, text.strip())
        if not match or int(match[1]) < 1:
            example = "14 days of last_activity" if of else "90 days"
            self.add_problem(node, f"{what} is {quote(text)}; write it like `{example}`")
            return None
        return int(match[1]), match[2] if of else ""

    def read_rate(self, node: yaml.Node, what: str) -> tuple[int, str] | None:
        """`40 per week`: how many, and the period, one of day, week and month."""
        text = self.read_text(node, what)
        if text is None:
            return None
        match = re.fullmatch(r"([0-9]{1,7}) per (day|week|month)", " ".join(text.split()))
        if not match or int(match[1]) < 1:
            self.add_problem(node, f"{what} is {quote(text)}; write it like `40 per week`, or per day, or per month")
            return None
        return int(match[1]), match[2]

    def read_day(self, node: yaml.Node, what: str) -> date | None:
        """A date."""
        text = self.read_text(node, what)
        if text is None:
            return None
        try:
            if not _DAY.fullmatch(text):
                raise ValueError
            return date.fromisoformat(text)
        except ValueError:
            self.add_problem(node, f"{what} is {quote(text)}, which is not a date; write it like 2026-01-31")
            return None


def is_name(text: str) -> bool:
    """Whether a text is an identifier of a card."""
    return _NAME.fullmatch(text) is not None


def is_null(node: yaml.Node) -> bool:
    """Whether a node is YAML's null: `~`, `null`, or nothing at all."""
    return isinstance(node, yaml.ScalarNode) and bool(node.tag == "tag:yaml.org,2002:null")


def _is_torn_off(node: yaml.Node, item: KeyValue) -> bool:
    """Whether a key of { } has no value, not even a ':': a ',' in a text without quotes tore it off."""
    value = item.value
    written = isinstance(value, yaml.ScalarNode) and value.start_mark.index != value.end_mark.index
    return bool(isinstance(node, yaml.MappingNode) and node.flow_style) and not written


def _describe_node(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "nothing" if is_null(node) else f"the text {quote(node.value)}"


def _find_offset(raw: str, node: yaml.ScalarNode, offset: int) -> int:
    """Where in the source of a scalar the character at `offset` of its text is written.

    YAML folds and unindents white space, and keeps the order of everything else: so both are counted without it.
    """
    left = sum(not character.isspace() for character in node.value[:offset])
    at = 0
    if node.style in ("|", ">"):
        at = len(re.match(r"[^\r\n]*", raw)[0])  # type: ignore[index]  # it matches any text
    elif node.style in ("'", '"'):
        at = 1
    while at < len(raw):
        step, black = 1, not raw[at].isspace()
        if node.style == "'" and raw[at] == "'":
            step = 2
        elif node.style == '"' and raw[at] == "\\" and (escape := _ESCAPE.match(raw, at)):
            code = escape[1] or escape[2] or escape[3]
            step = len(escape[0])
            black = not chr(int(code, 16)).isspace() if code else not (escape[4] or escape[5] in "nrtvfNLP_")
        if black and not left:
            return at
        left -= black
        at += step
    return max(0, at - 1 if node.style in ("'", '"') else at)
