"""Fields and conditions as Python source.

Three-valued logic is printed as a pair: `holds` for "the condition is true" and `fails` for "it is false"; NOT swaps
the two, and where neither is so the condition is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from leadledger.scoring import tree
from leadledger.scoring.each_points import name_earned
from leadledger.scoring.errors import PrinterError
from leadledger.scoring.field import Field
from leadledger.scoring.printers.python.writer import SourceWriter
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.text_forms import fold, list_separators

_FOLD = "from leadledger.scoring.text_forms import fold\n"


class ConditionSource:
    """The values and the conditions of one card."""

    def __init__(self, card: Scorecard, writer: SourceWriter) -> None:
        self.card = card
        self.writer = writer
        self.names, self.name, self.field, self.line = writer.names, writer.name, writer.field, writer.line
        self.known = ""  # the operand that the text around has shown not to be missing

    # -- values -------------------------------------------------------------------------------------------------------

    def bind_values(self) -> None:
        """Bind every field that is read; the derived ones, days and folded texts after those that they read."""
        read = {part.name for node in self.nodes() for part in tree.walk_tree(node) if isinstance(part, tree.FieldRef)}
        read |= {rule.rule.half_life.of for rule in self.card.rules if rule.rule.half_life}
        read |= {name for term in self.card.learned.terms for name in term.fields}
        read |= {name for field in self.card.card.derived_fields for name in field.computed_from}
        for field in self.card.card.plain_fields:
            if field.name in read:
                self.line(f"{self.field(field.name)} = lead[{field.name!r}]")
        for field in self.card.card.event_fields:
            if field.name in read:
                self.line(f"{self.field(field.name)} = lead[{field.name!r}]")
        for priced in self.card.each_rules:
            earned = self.name("earned", priced.rule.name, f"earned_{priced.rule.name}")
            self.line(f"{earned} = lead[{name_earned(priced.rule.name)!r}]")
        for field in self.card.card.derived_fields:
            self.bind_derived(field)
        for node in self.nodes():
            self.bind_parts(node)

    def nodes(self) -> Iterator[tree.Node]:
        """The conditions of the card."""
        card = self.card.card
        yield from (rule.when.tree for rule in card.rules)
        yield from (criterion.met.tree for criterion in card.criteria)
        yield from (exclusion.when.tree for exclusion in card.exclude)

    def bind_derived(self, field: Field) -> None:
        """Bind a derived field."""
        node = field.derived
        if isinstance(node, tree.Days):
            self.line(f"{self.field(field.name)} = {self.days(node)}")
            return
        assert node is not None
        self.bind_parts(node)
        self.line(f"{self.field(field.name)} = {self.choice(node)}")

    def bind_parts(self, node: tree.Node) -> None:
        """Bind the days and the folded texts that a condition asks."""
        for part in tree.walk_tree(node):
            if isinstance(part, tree.Days):
                self.days(part)
            elif isinstance(part, tree.Search):
                self.bind_search(part)
        for name in tree.list_folded(node):
            self.folded(name)

    def days(self, node: tree.Days) -> str:
        """The variable of whole days to or from a date, bound where it is first needed."""
        if ("days", node) in self.names:
            return self.names["days", node]
        of = self.field(node.of.name)
        name = self.name("days", node, f"days_{node.way}_{node.of.name}")
        span = f"as_of - {of}" if node.way == "since" else f"{of} - as_of"
        self.line(f"{name} = None if {of} is None else ({span}).days")
        return name

    def folded(self, field: str) -> str:
        """The variable of a folded text, bound where it is first needed."""
        if ("folded", field) in self.names:
            return self.names["folded", field]
        name = self.name("folded", field, f"{field}_folded")
        if _FOLD not in self.writer.constants:
            self.writer.constants.insert(0, _FOLD)
        self.line(f"{name} = None if {self.field(field)} is None else fold({self.field(field)})")
        return name

    def bind_search(self, node: tree.Search) -> None:
        """Bind the form of a text in which it is searched."""
        if node.way == "contains_word":
            self.words(node)
        elif not node.of.exact:
            self.folded(node.of.name)

    def words(self, node: tree.Search) -> str:
        """The variable of a text with spaces between its words, bound where it is first needed."""
        field, separators = node.of, list_separators(node.text if node.of.exact else fold(node.text))
        if ("words", (field, separators)) in self.names:
            return self.names["words", (field, separators)]
        whole = self.field(field.name) if field.exact else self.folded(field.name)
        spaces = self.constant(f"dict.fromkeys(map(ord, {separators!r}), ' ')", "SPACES")
        name = self.name("words", (field, separators), f"{field.name}_words")
        self.line(f"{name} = None if {whole} is None else ' ' + {whole}.translate({spaces}) + ' '")
        return name

    def constant(self, source: str, name: str) -> str:
        """The name of a constant of the module with this source, made where there is none yet."""
        if ("constant", source) not in self.names:
            self.writer.constants.append(f"{self.name('constant', source, name)} = {source}")
        return self.names["constant", source]

    # -- conditions ---------------------------------------------------------------------------------------------------

    def three_valued(self, kind: str, key: str, node: tree.Node) -> str:
        """Bind a condition: True, False, or None where it is unknown; returns its variable."""
        name = self.name(kind, key, f"{kind}_{key}")
        self.line(f"{name} = {self.choice(node)}")
        return name

    def choice(self, node: tree.Node, yes: str = "True", no: str = "False") -> str:
        """An expression that is `yes`, `no`, or None where the condition is unknown."""
        parts = list(tree.walk_tree(node))
        if not any(isinstance(part, tree.IsNull) or (isinstance(part, tree.In) and part.or_null) for part in parts):
            operands = {self.operand(part) for part in parts if isinstance(part, tree.FieldRef | tree.Days)}
            operands -= {self.field(part.of.name) for part in parts if isinstance(part, tree.Days)}
            # Over one operand, a condition is unknown where that is missing, and plain two-valued logic elsewhere.
            if len(operands) == 1:
                (operand,) = operands
                self.known = operand
                text = f"None if {operand} is None else {yes} if {self.holds(node)} else {no}"
                self.known = ""
                return text
        elif isinstance(node, tree.IsNull) or (isinstance(node, tree.Not) and isinstance(node.of, tree.IsNull)):
            return f"{yes} if {self.holds(node)} else {no}"
        return f"{yes} if {self.holds(node)} else {no} if {self.fails(node)} else None"

    def holds(self, node: tree.Node, inner: bool = False) -> str:
        """An expression that is true where the condition is true; `inner`: it stands inside of another."""
        match node:
            case tree.Compare(op=op, left=left, right=right):
                sign = {"=": "==", "<>": "!="}.get(op, op)
                # None equals nothing, so that `==` with a literal needs no guard of its own.
                guards = () if op == "=" and isinstance(right, tree.Constant) else self.guards(left, right)
                return all_of([*guards, self.compared(node, sign)], inner)
            case tree.In(of=of, values=values):
                return f"{self.operand(of)} in {self.literals(values)}"
            case tree.Search():
                return all_of([*self.guards(node.of), self.search(node, "")], inner)
            case tree.Has(of=of, mark=mark):
                return all_of([*self.guards(of), f"{mark!r} in {self.field(of.name)}"], inner)
            case tree.Truth(of=of):
                return f"{self.field(of.name)} is True"
            case tree.IsNull(of=of):
                return f"{self.operand(of)} is None"
            case tree.Not(of=of):
                return self.fails(of, inner)
            case tree.And(of=parts):
                return all_of([self.holds(part, True) for part in parts], inner)
            case tree.Or(of=parts):
                return any_of([self.holds(part, True) for part in parts], inner)
        raise PrinterError(f"the Python printer has no way to print {type(node).__name__}")

    def fails(self, node: tree.Node, inner: bool = False) -> str:
        """An expression that is true where the condition is false; `inner`: it stands inside of another."""
        match node:
            case tree.Compare(op=op, left=left, right=right):
                sign = {"=": "!=", "<>": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}[op]
                return all_of([*self.guards(left, right), self.compared(node, sign)], inner)
            case tree.In(or_null=True):
                return "False"
            case tree.In(of=of, values=values):
                return all_of([*self.guards(of), f"{self.operand(of)} not in {self.literals(values)}"], inner)
            case tree.Search():
                return all_of([*self.guards(node.of), self.search(node, "not ")], inner)
            case tree.Has(of=of, mark=mark):
                return all_of([*self.guards(of), f"{mark!r} not in {self.field(of.name)}"], inner)
            case tree.Truth(of=of):
                return f"{self.field(of.name)} is False"
            case tree.IsNull(of=of):
                return f"{self.operand(of)} is not None"
            case tree.Not(of=of):
                return self.holds(of, inner)
            case tree.And(of=parts):
                return any_of([self.fails(part, True) for part in parts], inner)
            case tree.Or(of=parts):
                return all_of([self.fails(part, True) for part in parts], inner)
        raise PrinterError(f"the Python printer has no way to print {type(node).__name__}")

    def guards(self, *operands: tree.Operand | tree.Constant) -> list[str]:
        """That operands are not missing, but for the one that is known not to be."""
        names = dict.fromkeys(self.operand(operand) for operand in operands if not isinstance(operand, tree.Constant))
        return [f"{name} is not None" for name in names if name != self.known]

    def operand(self, node: tree.Operand | tree.Constant) -> str:
        """A field, days to or from a date, or a literal."""
        match node:
            case tree.Constant(value=value):
                return self.literal(value)
            case tree.FieldRef(name=name):
                return self.field(name)
            case tree.Days():
                return self.days(node)

    def compared(self, node: tree.Compare, sign: str) -> str:
        """The comparison of two operands that are there."""
        if tree.compares_keys(node):
            left, right = (self.folded(name) for name in tree.list_folded(node))
            return f"{left} {sign} {right}"
        return f"{self.operand(node.left)} {sign} {self.operand(node.right)}"

    def search(self, node: tree.Search, negated: str) -> str:
        """A search in a text that is there; `negated` is empty or `not `."""
        name, part = node.of.name, node.text if node.of.exact else fold(node.text)
        if node.way == "contains_word":
            return f"{f' {part} '!r} {negated}in {self.words(node)}"
        whole = self.field(name) if node.of.exact else self.folded(name)
        if node.way == "contains":
            return f"{part!r} {negated}in {whole}"
        return f"{negated}{whole}.{node.way.replace('_', '')}({part!r})"

    def literals(self, values: tuple[tree.Constant, ...]) -> str:
        """Some literals as a tuple."""
        items = ", ".join(self.literal(constant.value) for constant in values)
        return f"({items}{',' if len(values) == 1 else ''})"

    def literal(self, value: float | str | bool | date) -> str:
        """A literal; a day is a constant of the module."""
        if isinstance(value, date):
            name = self.name("date", value, f"DAY_{value:%Y_%m_%d}")
            text = f"{name} = date({value.year}, {value.month}, {value.day})"
            if text not in self.writer.constants:
                if not any(constant.startswith("from datetime") for constant in self.writer.constants):
                    self.writer.constants.insert(0, "from datetime import date\n")
                self.writer.constants.append(text)
            return name
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 and not _is_negative_zero(value):
            return str(int(value))
        return repr(value)


def all_of(parts: list[str], inner: bool = False) -> str:
    """Parts that must all be true; `inner`: in brackets, where there are several."""
    return parts[0] if len(parts) == 1 else f"({' and '.join(parts)})" if inner else " and ".join(parts)


def any_of(parts: list[str], inner: bool = False) -> str:
    """Parts of which one must be true; `inner`: in brackets, where there are several."""
    return parts[0] if len(parts) == 1 else f"({' or '.join(parts)})" if inner else " or ".join(parts)


def _is_negative_zero(value: float) -> bool:
    return value == 0 and str(value).startswith("-")
