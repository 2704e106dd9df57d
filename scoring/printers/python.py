"""The Python printer: a scorecard as straight-line source, compiled once.

`source` writes a module with one function, `tally(lead, as_of)`, that needs nothing but `bisect`. Three-valued logic is
printed as a pair: `holds` for "the condition is true" and `fails` for "it is false"; NOT swaps the two, and where
neither is so the condition is unknown. Names come from the card's identifiers, which the reader restricts to
[a-z][a-z0-9_]*; every text goes through repr, so nothing in a card can become code.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

from leadledger.scoring import tree
from leadledger.scoring.errors import PrinterError, quote
from leadledger.scoring.field import Field, fold
from leadledger.scoring.lookup import (
    Bins,
    Branch,
    Combination,
    FlagBins,
    Leaf,
    NumberBins,
    Table,
    Term,
    TextBins,
    list_leaves,
)
from leadledger.scoring.meaning.answers import find_lone_effects
from leadledger.scoring.printers.choices import question, together
from leadledger.scoring.printers.comments import comment_text
from leadledger.scoring.rule import Group
from leadledger.scoring.scorecard import PricedRule, Scorecard

WIDTH = 120  # columns of the printed source, where it can be wrapped

Raw: TypeAlias = tuple[Any, ...]
Function: TypeAlias = Callable[[Mapping[str, Any], date], Raw]

_HEAD = '''"""{title}: one lead in, its points out. Generated; change the card, not this file.

`tally(lead, as_of)` takes typed values (float, str, bool, datetime.date; None: missing) by field, and the day of
scoring. Points are whole tenths. It returns the total, the least and the most that answers could make of it, the points
of the rules (None: unknown), of the groups and of the learned terms, the bins where those were looked up, the criteria
and the exclusions.
"""

from bisect import bisect_right

LOWER = {{upper: upper + 32 for upper in range(65, 91)}}  # A to Z
'''

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def source(card: Scorecard) -> str:
    """The Python source of a scorecard."""
    return _Printer(card).module()


def compiled(card: Scorecard) -> Function:
    """The printed function, ready to call; it returns the fields of `walk.Tally` as a plain tuple."""
    space: dict[str, Any] = {}
    exec(compile(source(card), f"<scorecard {card.card.name!r}>", "exec"), space)
    found: Function = space["tally"]
    return found


class _Printer:
    """One printing of one scorecard: the names given so far, the constants, and the lines of the function."""

    def __init__(self, card: Scorecard) -> None:
        self.card = card
        taken = {"lead", "as_of", "total", "low", "high", "tally", "bisect_right", "LOWER", *dir(builtins)}
        self.taken = taken | set(keyword.kwlist) | set(keyword.softkwlist)
        self.names: dict[tuple[str, object], str] = {}
        self.constants: list[str] = []
        self.lines: list[str] = []
        self.known = ""  # the operand that the text around has shown not to be missing

    def name(self, kind: str, key: object, wish: str) -> str:
        """The variable for `key` of a kind, the same at each call; close to `wish`, and never taken twice."""
        if not _IDENTIFIER.fullmatch(wish):  # a card that was put together in Python, past the reader
            raise PrinterError(f"{quote(wish)} is no name; names have a to z, 0 to 9 and _ only")
        if (kind, key) not in self.names:
            name, n = wish, 2
            while name in self.taken:
                name, n = f"{wish}_{n}", n + 1
            self.taken.add(name)
            self.names[kind, key] = name
        return self.names[kind, key]

    def field(self, name: str) -> str:
        return self.name("field", name, name)

    def line(self, text: str = "") -> None:
        self.lines.append(f"    {text}" if text else "")

    def wrapped(self, opening: str, items: Sequence[str], closing: str) -> None:
        """A bracket with its items, on as many lines as it takes."""
        for text in _wrapped(opening, items, closing, WIDTH - 4):
            self.line(text)

    def module(self) -> str:
        card = self.card.card
        self.values()
        self.line()
        rules = [self.rule(one) for one in self.card.rules]
        self.line()
        groups = [self.group(one) for one in self.card.groups]
        terms = [self.term(term) for term in self.card.learned.terms]
        bins = [at for _, at in terms]
        self.line("total = (")
        self.line(f"    {self.card.learned.start}")
        for part in [*(f"({one} or 0)" for one in rules), *groups, *(points for points, _ in terms)]:
            self.line(f"    + {part}")
        self.line(")")
        self.line("low = high = total")
        self.spans()
        self.line()
        criteria = [self.three_valued("met", one.name, one.met.tree) for one in card.criteria]
        excluded = [self.three_valued("out", one.name, one.when.tree) for one in card.exclude]
        parts = (rules, groups, [points for points, _ in terms], bins, criteria, excluded)
        self.line("return (")
        self.line("    total, low, high,")
        for names in parts:
            self.wrapped("    (", names, ",)," if len(names) == 1 else "),")
        self.line(")")
        title = f"{card.name} {self.card.release}".strip()
        head = _HEAD.format(title="".join(one for one in title if one.isprintable() and one not in '\\"'))
        return "\n".join([head, *self.constants, "", "", "def tally(lead, as_of):", *self.lines, ""])

    # -- values ---------------------------------------------------------------------------------------------------

    def values(self) -> None:
        """Bind every field that is asked; the derived ones, days and folded texts after those that they ask."""
        asked = {part.name for node in self.nodes() for part in tree.walk_tree(node) if isinstance(part, tree.FieldRef)}
        asked |= {one.rule.half_life.of for one in self.card.rules if one.rule.half_life}
        asked |= {name for term in self.card.learned.terms for name in term.fields}
        asked |= {name for field in self.card.card.derived_fields for name in field.computed_from}
        for field in self.card.card.plain_fields:
            if field.name in asked:
                self.line(f"{self.field(field.name)} = lead[{field.name!r}]")
        for field in self.card.card.derived_fields:
            self.derived(field)
        for node in self.nodes():
            for part in tree.walk_tree(node):
                match part:
                    case tree.Days() if ("days", part) not in self.names:
                        self.days(part)
                    case tree.Search(of=of) if ("folded", of.name) not in self.names:
                        self.folded(of.name)

    def nodes(self) -> Iterator[tree.Node]:
        card = self.card.card
        yield from (one.when.tree for one in card.rules)
        yield from (one.met.tree for one in card.criteria)
        yield from (one.when.tree for one in card.exclude)

    def derived(self, field: Field) -> None:
        node = field.derived
        if isinstance(node, tree.Days):
            self.line(f"{self.field(field.name)} = {self.days(node)}")
            return
        assert node is not None
        for part in tree.walk_tree(node):
            if isinstance(part, tree.Days):
                self.days(part)
            elif isinstance(part, tree.Search):
                self.folded(part.of.name)
        self.line(f"{self.field(field.name)} = {self.choice(node)}")

    def days(self, node: tree.Days) -> str:
        if ("days", node) in self.names:
            return self.names["days", node]
        of = self.field(node.of.name)
        name = self.name("days", node, f"days_{node.way}_{node.of.name}")
        span = f"as_of - {of}" if node.way == "since" else f"{of} - as_of"
        self.line(f"{name} = None if {of} is None else ({span}).days")
        return name

    def folded(self, field: str) -> str:
        if ("folded", field) in self.names:
            return self.names["folded", field]
        name = self.name("folded", field, f"{field}_folded")
        self.line(f"{name} = None if {self.field(field)} is None else {self.field(field)}.translate(LOWER)")
        return name

    # -- conditions -----------------------------------------------------------------------------------------------

    def choice(self, node: tree.Node, yes: str = "True", no: str = "False") -> str:
        """An expression that is `yes`, `no`, or None where the condition is unknown."""
        parts = list(tree.walk_tree(node))
        if not any(isinstance(part, tree.IsNull) for part in parts):
            asked = {self.operand(part) for part in parts if isinstance(part, tree.FieldRef | tree.Days)}
            days = {self.field(part.of.name) for part in parts if isinstance(part, tree.Days)}
            # Over one operand, a condition is unknown where that is missing, and plain two-valued logic elsewhere.
            if len(asked - days) == 1:
                one = (asked - days).pop()
                self.known = one
                text = f"None if {one} is None else {yes} if {self.holds(node)} else {no}"
                self.known = ""
                return text
        elif isinstance(node, tree.IsNull) or (isinstance(node, tree.Not) and isinstance(node.of, tree.IsNull)):
            return f"{yes} if {self.holds(node)} else {no}"
        return f"{yes} if {self.holds(node)} else {no} if {self.fails(node)} else None"

    def holds(self, node: tree.Node, inner: bool = False) -> str:
        match node:
            case tree.Compare(op=op, left=left, right=right):
                sign = {"=": "==", "<>": "!="}.get(op, op)
                # None equals nothing, so that `==` with a literal needs no guard of its own.
                guards = () if op == "=" and isinstance(right, tree.Constant) else self.guards(left, right)
                return _all([*guards, f"{self.operand(left)} {sign} {self.operand(right)}"], inner)
            case tree.In(of=of, values=values):
                return f"{self.operand(of)} in {self.literals(values)}"
            case tree.Search():
                return _all([*self.guards(node.of), self.search(node, "")], inner)
            case tree.Truth(of=of):
                return f"{self.field(of.name)} is True"
            case tree.IsNull(of=of):
                return f"{self.operand(of)} is None"
            case tree.Not(of=of):
                return self.fails(of, inner)
            case tree.And(of=parts):
                return _all([self.holds(part, True) for part in parts], inner)
            case tree.Or(of=parts):
                return _any([self.holds(part, True) for part in parts], inner)
        raise PrinterError(f"the Python printer has no way to print {type(node).__name__}")

    def fails(self, node: tree.Node, inner: bool = False) -> str:
        match node:
            case tree.Compare(op=op, left=left, right=right):
                sign = {"=": "!=", "<>": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}[op]
                return _all([*self.guards(left, right), f"{self.operand(left)} {sign} {self.operand(right)}"], inner)
            case tree.In(of=of, values=values):
                return _all([*self.guards(of), f"{self.operand(of)} not in {self.literals(values)}"], inner)
            case tree.Search():
                return _all([*self.guards(node.of), self.search(node, "not ")], inner)
            case tree.Truth(of=of):
                return f"{self.field(of.name)} is False"
            case tree.IsNull(of=of):
                return f"{self.operand(of)} is not None"
            case tree.Not(of=of):
                return self.holds(of, inner)
            case tree.And(of=parts):
                return _any([self.fails(part, True) for part in parts], inner)
            case tree.Or(of=parts):
                return _all([self.fails(part, True) for part in parts], inner)
        raise PrinterError(f"the Python printer has no way to print {type(node).__name__}")

    def guards(self, *operands: tree.Operand | tree.Constant) -> list[str]:
        names = dict.fromkeys(self.operand(one) for one in operands if not isinstance(one, tree.Constant))
        return [f"{name} is not None" for name in names if name != self.known]

    def operand(self, node: tree.Operand | tree.Constant) -> str:
        match node:
            case tree.Constant(value=value):
                return self.literal(value)
            case tree.FieldRef(name=name):
                return self.field(name)
            case tree.Days():
                return self.days(node)

    def search(self, node: tree.Search, negated: str) -> str:
        whole, part = self.folded(node.of.name), repr(fold(node.text))
        if node.way == "contains":
            return f"{part} {negated}in {whole}"
        return f"{negated}{whole}.{node.way.replace('_', '')}({part})"

    def literals(self, values: tuple[tree.Constant, ...]) -> str:
        items = ", ".join(self.literal(one.value) for one in values)
        return f"({items}{',' if len(values) == 1 else ''})"

    def literal(self, value: float | str | bool | date) -> str:
        if isinstance(value, date):
            name = self.name("date", value, f"DAY_{value:%Y_%m_%d}")
            text = f"{name} = date({value.year}, {value.month}, {value.day})"
            if text not in self.constants:
                if not any(one.startswith("from datetime") for one in self.constants):
                    self.constants.insert(0, "from datetime import date\n")
                self.constants.append(text)
            return name
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 and not _negative_zero(value):
            return str(int(value))
        return repr(value)

    def three_valued(self, kind: str, key: str, node: tree.Node) -> str:
        name = self.name(kind, key, f"{kind}_{key}")
        self.line(f"{name} = {self.choice(node)}")
        return name

    # -- points ---------------------------------------------------------------------------------------------------

    def constant(self, name: str, items: Iterable[object]) -> None:
        shown = [repr(one) for one in items]
        self.constants += _wrapped(f"{name} = (", shown, ",)" if len(shown) == 1 else ")", WIDTH)

    def rule(self, one: PricedRule) -> str:
        rule = one.rule
        name = self.name("rule", rule.name, f"rule_{rule.name}")
        worth = str(one.points)
        if one.steps is not None and rule.half_life is not None:
            of = tree.Days("since", tree.FieldRef(rule.half_life.of, "date"))
            days = self.days(of)
            edges = self.name("edges", rule.name, f"DAYS_{rule.name.upper()}")
            steps = self.name("steps", rule.name, f"STEPS_{rule.name.upper()}")
            worth = self.name("worth", rule.name, f"worth_{rule.name}")
            self.constant(edges, one.steps.edges)
            self.constant(steps, one.steps.points)
            self.line(f"{worth} = None if {days} is None else {steps}[bisect_right({edges}, {days})]")
        self.line(f"# {comment_text(rule.reason)}")
        self.line(f"{name} = {self.choice(rule.when.tree, worth, '0')}")
        return name

    def group(self, group: Group) -> str:
        """The adjustment of a group: what its rules are worth together, less their plain sum."""
        name = self.name("group", group.name, f"group_{group.name}")
        total = self.name("sum", group.name, f"sum_{group.name}")
        members = [self.names["rule", one.rule.name] for one in self.card.rules if one.rule.group == group.name]
        listed = f"({', '.join(members)}{',' if len(members) == 1 else ''})"
        if group.best_of:
            best = self.name("best", group.name, f"best_{group.name}")
            self.line(f"{total} = sum(one for one in {listed} if one)")
            self.line(f"{best} = max((one for one in {listed} if one), default=0)")
            self.line(f"{name} = {_cut(group, best)} - {total}")
        else:
            self.line(f"{total} = {' + '.join(f'({one} or 0)' for one in members) or '0'}")
            self.line(f"{name} = {_cut(group, total)} - {total}")
        return name

    def spans(self) -> None:
        """What the unknown could still change: move `low` and `high` away from the total."""
        settled = {name for one in find_lone_effects(self.card) for name in one.rules}
        for answer in find_lone_effects(self.card):
            self.line(f"if {self.field(answer.field)} is None:")
            self.line(f"    low += {answer.low}")
            self.line(f"    high += {answer.high}")
        for one in self.card.rules:
            if one.askable and not one.rule.group and one.rule.name not in settled:
                low, high = self.span(one)
                moves = [f"{end} += {move}" for end, move in (("low", low), ("high", high)) if move != "0"]
                if moves:
                    self.line(f"if {self.open(one)}:")
                    for move in moves:
                        self.line(f"    {move}")
        for group in self.card.groups:
            self.group_span(group)
        for term in self.card.learned.terms:
            if not any(term.name in one.terms for one in find_lone_effects(self.card)):
                self.term_span(term)

    def open(self, one: PricedRule) -> str:
        """Whether a rule is unknown, and a question could settle it."""
        missing = [f"{self.field(name)} is None" for name in one.askable]
        return f"{self.names['rule', one.rule.name]} is None and {_any(missing, True)}"

    def span(self, one: PricedRule) -> tuple[str, str]:
        """The least and the most that a rule could bring, if it is open."""
        most = str(one.points)
        if one.steps is not None:
            worth = self.names["worth", one.rule.name]
            most = f"({one.points} if {worth} is None else {worth})"
        return (most, "0") if one.points < 0 else ("0", most)

    def group_span(self, group: Group) -> None:
        members = [one for one in self.card.rules if one.rule.group == group.name and one.askable]
        if not members:
            return
        total = self.names["sum", group.name]
        lows, highs = (self.name(end, group.name, f"{end}_{group.name}") for end in ("least", "most"))
        self.line(f"if {_any([self.open(one) for one in members])}:")
        if group.best_of:
            best = self.names["best", group.name]
            self.line(f"    {lows} = {best} if {best} else 0")
            self.line(f"    {highs} = {best}")
            # `best` is 0 only where nothing fired: then one unknown rule alone could still bring it below zero.
            fired = f"{best} != 0"
        else:
            self.line(f"    {lows} = {highs} = {total}")
        for one in members:
            low, high = self.span(one)
            self.line(f"    if {self.open(one)}:")
            if group.best_of:
                self.line(f"        {lows} = {lows} if {fired} else min({lows}, {low})")
                self.line(f"        {highs} = max({highs}, {high})")
            else:
                self.line(f"        {lows} += {low}")
                self.line(f"        {highs} += {high}")
        before = self.names["best" if group.best_of else "sum", group.name]
        self.line(f"    low += {_cut(group, lows)} - {_cut(group, before)}")
        self.line(f"    high += {_cut(group, highs)} - {_cut(group, before)}")

    def bin(self, field: str, bins: Bins) -> str:
        """The variable that holds the bin of a field; shared by the tables that have the same bins."""
        if ("bin", (field, bins)) in self.names:
            return self.names["bin", (field, bins)]
        name = self.name("bin", (field, bins), f"bin_{field}")
        of = self.field(field)
        if isinstance(bins, NumberBins):
            edges = self.name("edges", (field, bins), f"EDGES_{field.upper()}")
            self.constant(edges, bins.edges)
            self.line(f"{name} = 0 if {of} is None else 1 + bisect_right({edges}, {of})")
        elif isinstance(bins, TextBins):
            levels = self.name("levels", (field, bins), f"LEVELS_{field.upper()}")
            items = [f"{level!r}: {i}" for level, i in bins.index.items()]
            self.constants += _wrapped(f"{levels} = {{", items, "}", WIDTH)
            self.line(f"{name} = 0 if {of} is None else {levels}.get({of}, {len(bins) - 1})")
        elif isinstance(bins, FlagBins):
            self.line(f"{name} = 0 if {of} is None else 2 if {of} else 1")
        return name

    def term(self, term: Term) -> tuple[str, str]:
        """Look up a learned term; returns the variables (or expressions) of its points and of its bin."""
        points = self.name("points", term.name, f"points_{'_'.join(term.fields)}")
        if isinstance(term, Combination):
            return points, self.combination(term, points)
        table = self.name("table", term.name, f"POINTS_{'_'.join(term.fields).upper()}")
        if isinstance(term, Table):
            at = self.bin(term.field, term.bins)
            self.constant(table, term.points)
        else:
            row, column = (self.bin(name, bins) for name, bins in zip(term.fields, term.bins, strict=True))
            at = f"{row} * {len(term.bins[1])} + {column}"
            self.constant(table, [cell for line in term.points for cell in line])
        self.line(f"{points} = {table}[{at}]")
        return points, at

    def combination(self, term: Combination, points: str) -> str:
        """Add up the trees of a combination; returns the expression of its cell."""
        bins = {name: self.bin(name, bins) for name, bins in zip(term.fields, term.bins, strict=True)}
        sizes = dict(zip(term.fields, map(len, term.bins), strict=True))
        cell = bins[term.fields[0]]
        for name in term.fields[1:]:
            cell = (
                f"({cell}) * {sizes[name]} + {bins[name]}" if " " in cell else f"{cell} * {sizes[name]} + {bins[name]}"
            )
        self.line(f"{points} = 0")
        for one in term.trees:
            self.tree(one, points, bins, sizes)
        return cell

    def tree(
        self, node: Branch, points: str, bins: Mapping[str, str], sizes: Mapping[str, int], indent: str = ""
    ) -> None:
        """The choices of a small tree; its last choice is a line."""
        of = bins[node.field]
        asked = question(
            of,
            node.bins,
            sizes[node.field],
            ("==", "!="),
            "{low} <= {of} <= {high}",
            lambda listed: f"{of} in {{{listed}}}",
        )
        if isinstance(node.then, Leaf) and isinstance(node.otherwise, Leaf):
            self.line(f"{indent}{points} += {node.then.points} if {asked} else {node.otherwise.points}")
            return
        for word, branch in ((f"if {asked}:", node.then), ("else:", node.otherwise)):
            self.line(f"{indent}{word}")
            if isinstance(branch, Leaf):
                self.line(f"{indent}    {points} += {branch.points}")
            else:
                self.tree(branch, points, bins, sizes, f"{indent}    ")

    def combination_span(self, term: Combination) -> None:
        """What open answers could make of a combination: any leaf of each tree that asks for one."""
        bins = {name: self.bin(name, bins) for name, bins in zip(term.fields, term.bins, strict=True)}
        sizes = dict(zip(term.fields, map(len, term.bins), strict=True))
        points = self.names["points", term.name]
        askable = frozenset(name for name in term.fields if self.card.find_askable((name,)))
        for asked, trees in together(term, askable):
            if not asked:
                continue
            low, high = (
                sum(end(leaf.points for leaf in list_leaves(term.trees[i])) for i in trees) for end in (min, max)
            )
            self.line(f"if {_any([self.free(name, len(asked) > 1) for name in asked])}:")
            now = points
            if len(trees) < len(term.trees):
                now = self.name("part", (term.name, asked), f"{points}_part")
                self.line(f"    {now} = 0")
                for i in trees:
                    self.tree(term.trees[i], now, bins, sizes, "    ")
            self.line(f"    low += {low} - {now}")
            self.line(f"    high += {high} - {now}")

    def term_span(self, term: Term) -> None:
        if isinstance(term, Combination):
            self.combination_span(term)
            return
        points = self.names["points", term.name]
        if isinstance(term, Table):
            if self.card.find_askable(term.fields):
                self.line(f"if {self.free(term.field)}:")
                self.line(f"    low += {min(term.points)} - {points}")
                self.line(f"    high += {max(term.points)} - {points}")
            return
        row, column = (self.bin(name, bins) for name, bins in zip(term.fields, term.bins, strict=True))
        table = self.names["table", term.name]
        width = len(term.bins[1])
        cells = [cell for line in term.points for cell in line]
        first, second = (self.free(name) if self.card.find_askable((name,)) else "" for name in term.fields)
        word = "if"
        if first and second:
            self.line(f"if {first} and {second}:")
            self.line(f"    low += {min(cells)} - {points}")
            self.line(f"    high += {max(cells)} - {points}")
            word = "elif"
        for free, part in ((first, f"{table}[{column}::{width}]"), (second, f"{table}[{row} * {width} :][:{width}]")):
            if free:
                self.line(f"{word} {free}:")
                self.line(f"    low += min({part}) - {points}")
                self.line(f"    high += max({part}) - {points}")
                word = "elif"

    def free(self, field: str, inner: bool = False) -> str:
        """Whether a learned field is missing, and a question could bring it."""
        roots = self.card.find_askable((field,))
        missing = f"{self.field(field)} is None"
        if roots == (field,):
            return missing
        return _all([missing, _any([f"{self.field(root)} is None" for root in roots], True)], inner)


def _wrapped(opening: str, items: Sequence[str], closing: str, width: int) -> list[str]:
    """A bracket with its items: on one line where it fits, else filled up to a width."""
    one_line = f"{opening}{', '.join(items)}{closing}"
    if len(one_line) <= width:
        return [one_line]
    indent = " " * (len(opening) - len(opening.lstrip()) + 4)
    lines, current = [opening], indent
    for item in items:
        if len(current) + len(item) + 2 > width and current.strip():
            lines.append(current.rstrip())
            current = indent
        current += f"{item}, "
    return [*lines, current.rstrip(), f"{' ' * (len(indent) - 4)}{closing.lstrip(',')}"]


def _all(parts: list[str], inner: bool = False) -> str:
    return parts[0] if len(parts) == 1 else f"({' and '.join(parts)})" if inner else " and ".join(parts)


def _any(parts: list[str], inner: bool = False) -> str:
    return parts[0] if len(parts) == 1 else f"({' or '.join(parts)})" if inner else " or ".join(parts)


def _cut(group: Group, name: str) -> str:
    if group.maximum is not None:
        name = f"min({name}, {group.maximum})"
    return name if group.minimum is None else f"max({name}, {group.minimum})"


def _negative_zero(value: float) -> bool:
    return value == 0 and str(value).startswith("-")
