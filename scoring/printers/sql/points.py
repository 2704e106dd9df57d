"""Points as SQL: what rules, groups and learned terms bring to the total, in whole tenths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leadledger.scoring import tree
from leadledger.scoring.bins import Bins, FlagBins, NumberBins, TextBins
from leadledger.scoring.each_points import PricedEachRule, name_earned
from leadledger.scoring.lookup import Branch, Combination, Leaf, Table, Term, list_bins
from leadledger.scoring.priced_rule import PricedRule
from leadledger.scoring.printers.choices import write_membership
from leadledger.scoring.printers.sql.conditions import ConditionPrinter, bracketed
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, join, spell, write
from leadledger.scoring.printers.sql.query import ENTRY_PARTS, name_counted, name_part
from leadledger.scoring.rule import Group
from leadledger.scoring.scorecard import Scorecard


class PointsPrinter:
    """The points of one card, over its typed fields. `prefix` stands before the names of all columns that it makes."""

    def __init__(self, card: Scorecard, conditions: ConditionPrinter, prefix: str = "") -> None:
        self.card = card
        self.conditions = conditions
        self.prefix = prefix
        self.column, self.field, self.dialect = conditions.column, conditions.field, conditions.dialect
        self.splits: dict[str, list[Bins]] = {}  # of each field in pairs and combinations, each once
        for term in card.learned.terms:
            if not isinstance(term, Table):
                for name, bins in zip(term.fields, term.bins, strict=True):
                    splits = self.splits.setdefault(name, [])
                    if bins not in splits:
                        splits.append(bins)

    # -- rules and terms --------------------------------------------------------------------------------------------

    def prepared(self) -> Iterator[StepColumn]:
        """What a rule that fades is worth on the day, and the bins that pairs and combinations ask."""
        for rule in self.card.rules:
            if rule.steps is not None and rule.rule.half_life is not None:
                days = self.conditions.operand(tree.Days("since", tree.FieldRef(rule.rule.half_life.of, "date")))
                edges = [float(edge) for edge in rule.steps.edges]
                worth = spell(self.conditions.staircase, days, edges, rule.steps.points)
                yield StepColumn(
                    f"{self.prefix}w:{rule.rule.name}", write("CASE WHEN {} IS NOT NULL THEN {} END", days, worth)
                )
        made = set()
        for term in self.card.learned.terms:
            if not isinstance(term, Table):
                for name, bins in zip(term.fields, term.bins, strict=True):
                    column = self.bin_name(name, bins)
                    if column not in made:
                        made.add(column)
                        yield StepColumn(column, self.by_bin(name, bins, range(len(bins))))

    def priced(self) -> Iterator[StepColumn]:
        """The points of each rule (NULL: unknown) and each term; whether criteria are met and exclusions hold."""
        for rule in self.card.rules:
            worth = self.column(f"{self.prefix}w:{rule.rule.name}") if rule.steps is not None else str(rule.points)
            condition = bracketed(self.conditions.condition(rule.rule.when.tree))
            points = write("CASE {} WHEN TRUE THEN {} WHEN FALSE THEN 0 END", condition, worth)
            yield StepColumn(f"{self.prefix}r:{rule.rule.name}", points)
        for term in self.card.learned.terms:
            yield StepColumn(f"{self.prefix}t:{term.name}", self.term(term))
        for criterion in self.card.card.criteria:
            condition = self.conditions.condition(criterion.met.tree)
            yield StepColumn(f"c:{criterion.name}", bracketed(condition))
        for exclusion in self.card.card.exclude:
            condition = self.conditions.condition(exclusion.when.tree)
            yield StepColumn(f"x:{exclusion.name}", bracketed(condition))

    def bin_name(self, name: str, bins: Bins, prefix: str = "b") -> str:
        """The column of a field's bin, or of its words; two terms may split the same field at other places."""
        return f"{self.prefix}{prefix}:{name}:{self.splits[name].index(bins)}"

    def bin_columns(self, term: Term) -> list[Expression]:
        """The columns of the bins of a pair or a combination."""
        return [self.column(self.bin_name(name, bins)) for name, bins in zip(term.fields, list_bins(term), strict=True)]

    def by_bin(self, name: str, bins: Bins, choices: Sequence[object]) -> Expression:
        """The one of `choices` (printed as they are) that belongs to the bin that a field falls in."""
        return spell(self._by_bin, self.field(name), bins, choices)

    def _by_bin(self, value: str, bins: Bins, choices: Sequence[object]) -> str:
        if isinstance(bins, NumberBins):
            known = self.conditions.staircase(value, bins.edges, choices[1:])
            return f"CASE WHEN {value} IS NULL THEN {choices[0]} ELSE {known} END"
        if isinstance(bins, TextBins):
            levels = "".join(
                f" WHEN {self.dialect.text(level)} THEN {choices[i]}" for i, level in enumerate(bins.levels, start=1)
            )
            known = f"CASE {value}{levels} ELSE {choices[-1]} END" if levels else str(choices[-1])
            return f"CASE WHEN {value} IS NULL THEN {choices[0]} ELSE {known} END"
        assert isinstance(bins, FlagBins)
        return f"CASE {value} WHEN FALSE THEN {choices[1]} WHEN TRUE THEN {choices[2]} ELSE {choices[0]} END"

    def term(self, term: Term) -> Expression:
        """The points of a learned term."""
        if isinstance(term, Table):
            return self.by_bin(term.field, term.bins, term.points)
        if isinstance(term, Combination):
            return join(" + ", [self.tree(term, tree) for tree in term.trees])
        return self.cell(term, [points for line in term.points for points in line])

    def cell(self, pair: Term, cells: Sequence[object]) -> Expression:
        """The item of `cells` of a pair, row after row, that belongs to the bins of its fields."""
        row, column = self.bin_columns(pair)
        return spell(self.dialect.element, cells, write("{} * {} + {}", row, len(list_bins(pair)[1]), column))

    def tree(self, term: Combination, node: Branch | Leaf) -> Expression:
        """The points of a small tree of a combination, as nested choices over the columns of bins."""
        if isinstance(node, Leaf):
            return Expression(str(node.points))
        bins = list_bins(term)[term.fields.index(node.field)]
        of = self.column(self.bin_name(node.field, bins))
        chosen = write_membership(
            of.sql,
            node.bins,
            len(bins),
            ("=", "<>"),
            "{of} BETWEEN {low} AND {high}",
            lambda listed: f"{of.sql} IN ({listed})",
        )
        then, otherwise = self.tree(term, node.then), self.tree(term, node.otherwise)
        return write("CASE WHEN {} THEN {} ELSE {} END", Expression(chosen, of.reads), then, otherwise)

    def plus_minus(self) -> Expression:
        """The standard error of the points, as `Result.error`; NULL where no term has errors.

        In doubles, which hold the sum of the squares exactly, and their square root to the last bit.
        """
        always, squares = 0, []
        for term in self.card.learned.terms:
            if isinstance(term, Combination):
                always += term.error**2
            elif isinstance(term, Table) and term.errors:
                squares.append(self.by_bin(term.field, term.bins, self._squares(term.errors)))
            elif not isinstance(term, Table) and term.errors:
                errors = [error for line in term.errors for error in line]
                squares.append(self.cell(term, self._squares(errors)))
        if not always and not squares:
            return Expression(f"CAST(NULL AS {self.dialect.types['DOUBLE']})")
        number = self.dialect.number
        total = join(" + ", [Expression(number(float(always))), *squares])
        return write("floor(sqrt({}) + {}) / {}", total, number(0.5), number(10.0))

    def _squares(self, errors: Sequence[int]) -> list[str]:
        """Standard errors, squared, as doubles."""
        return [self.dialect.number(float(error**2)) for error in errors]

    # -- groups -----------------------------------------------------------------------------------------------------

    def members(self, group: Group) -> list[PricedRule]:
        """The rules of a group."""
        return [rule for rule in self.card.rules if rule.rule.group == group.name]

    def earnings(self, group: Group) -> list[Expression]:
        """What each rule of a group earns, those for each event among them; NULL: unknown."""
        rules = [self.column(f"{self.prefix}r:{rule.rule.name}") for rule in self.members(group)]
        return rules + [self.earned(each) for each in self.card.each_rules if each.rule.group == group.name]

    def earned(self, each: PricedEachRule) -> Expression:
        """What a rule for each event earns, as it was counted; NULL: unknown."""
        return self.column(name_counted(name_earned(each.rule.name)))

    def plain_sum(self, group: Group) -> Expression:
        """The plain sum of the rules of a group."""
        rules = self.earnings(group)
        return join(" + ", [write("coalesce({}, 0)", rule) for rule in rules]) if rules else Expression("0")

    def best(self, group: Group) -> Expression:
        """The best rule of a group; NULL where none fires."""
        rules = self.earnings(group)
        if not rules:
            return Expression(f"CAST(NULL AS {self.dialect.types['INTEGER']})")
        return self.most([write("nullif({}, 0)", rule) for rule in rules])

    def most(self, values: list[Expression]) -> Expression:
        """The largest of some values, NULL aside."""
        return spell(lambda *texts: self.dialect.most(texts), *values)

    def grouped(self) -> Iterator[StepColumn]:
        """The plain sum of each group, and of a `best_of` group the best."""
        for group in self.card.groups:
            yield StepColumn(f"{self.prefix}s:{group.name}", self.plain_sum(group))
            if group.best_of:
                yield StepColumn(f"{self.prefix}m:{group.name}", self.best(group))

    def worth(self, group: Group) -> Expression:
        """What the rules of a group bring together, before its limits."""
        if group.best_of:
            return write("coalesce({}, 0)", self.column(f"{self.prefix}m:{group.name}"))
        return self.column(f"{self.prefix}s:{group.name}")

    def capped(self) -> Iterator[StepColumn]:
        """What the limits of each group change of the plain sum of its rules."""
        for group in self.card.groups:
            change = write("{} - {}", cut(group, self.worth(group)), self.column(f"{self.prefix}s:{group.name}"))
            yield StepColumn(f"{self.prefix}g:{group.name}", change)

    def entries(self) -> Iterator[Expression]:
        """The entries of the ledger, which add up to the total."""
        yield Expression(str(self.card.learned.start))
        rules = {f"{self.prefix}r:{rule.rule.name}" for rule in self.card.rules}
        for name in self.entry_names():
            yield write("coalesce({}, 0)", self.column(name)) if name in rules else self.column(name)
        yield from (write("coalesce({}, 0)", self.earned(each)) for each in self.card.each_rules)

    def entry_names(self) -> Iterator[str]:
        """The columns of the entries, but for the start."""
        yield from (f"{self.prefix}r:{rule.rule.name}" for rule in self.card.rules)
        yield from (f"{self.prefix}g:{group.name}" for group in self.card.groups)
        yield from (f"{self.prefix}t:{term.name}" for term in self.card.learned.terms)

    def each_entry_names(self) -> Iterator[str]:
        """The columns of the entries of rules for each event: without limits, what these take, and how many events."""
        names = (each.rule.name for each in self.card.each_rules)
        yield from (name_part(part, name) for name in names for part in ENTRY_PARTS)


def cut(group: Group, value: Expression) -> Expression:
    """A value within the limits of a group."""
    if group.maximum is not None:
        value = write("least({}, {})", value, group.maximum)
    return value if group.minimum is None else write("greatest({}, {})", value, group.minimum)
