"""Points as Python source: what rules, groups and learned terms bring to the total, in whole tenths."""

from __future__ import annotations

from collections.abc import Mapping

from leadledger.scoring import tree
from leadledger.scoring.bins import Bins, FlagBins, NumberBins, TextBins
from leadledger.scoring.lookup import Branch, Combination, Leaf, Table, Term
from leadledger.scoring.priced_rule import PricedRule
from leadledger.scoring.printers.choices import write_membership
from leadledger.scoring.printers.comments import comment_text
from leadledger.scoring.printers.python.conditions import ConditionSource
from leadledger.scoring.printers.python.writer import WIDTH, SourceWriter, wrap_items
from leadledger.scoring.rule import Group
from leadledger.scoring.scorecard import Scorecard


class PointsSource:
    """The points of one card; each method writes lines and returns the variables that hold the result."""

    def __init__(self, card: Scorecard, writer: SourceWriter, conditions: ConditionSource) -> None:
        self.card = card
        self.writer = writer
        self.conditions = conditions
        self.names, self.name, self.field, self.line = writer.names, writer.name, writer.field, writer.line
        self.constant = writer.constant

    def rule(self, priced: PricedRule) -> str:
        """Bind the points of a rule, None where it is unknown."""
        rule = priced.rule
        name = self.name("rule", rule.name, f"rule_{rule.name}")
        worth = str(priced.points)
        if priced.steps is not None and rule.half_life is not None:
            of = tree.Days("since", tree.FieldRef(rule.half_life.of, "date"))
            days = self.conditions.days(of)
            edges = self.name("edges", rule.name, f"DAYS_{rule.name.upper()}")
            steps = self.name("steps", rule.name, f"STEPS_{rule.name.upper()}")
            worth = self.name("worth", rule.name, f"worth_{rule.name}")
            self.constant(edges, priced.steps.edges)
            self.constant(steps, priced.steps.points)
            self.line(f"{worth} = None if {days} is None else {steps}[bisect_right({edges}, {days})]")
        self.line(f"# {comment_text(rule.reason)}")
        self.line(f"{name} = {self.conditions.choice(rule.when.tree, worth, '0')}")
        return name

    def group(self, group: Group) -> str:
        """The adjustment of a group: what its rules are worth together, less their plain sum."""
        name = self.name("group", group.name, f"group_{group.name}")
        total = self.name("sum", group.name, f"sum_{group.name}")
        members = [self.names["rule", rule.rule.name] for rule in self.card.rules if rule.rule.group == group.name]
        members += [
            self.names["earned", each.rule.name] for each in self.card.each_rules if each.rule.group == group.name
        ]
        listed = f"({', '.join(members)}{',' if len(members) == 1 else ''})"
        if group.best_of:
            best = self.name("best", group.name, f"best_{group.name}")
            fired = self.name("fired", group.name, f"fired_{group.name}")
            self.line(f"{fired} = [*filter(None, {listed})]")
            self.line(f"{total} = sum({fired})")
            self.line(f"{best} = max({fired}) if {fired} else 0")
            self.line(f"{name} = {cut(group, best)} - {total}")
        else:
            self.line(f"{total} = {' + '.join(f'({member} or 0)' for member in members) or '0'}")
            self.line(f"{name} = {cut(group, total)} - {total}")
        return name

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
            self.writer.constants += wrap_items(f"{levels} = {{", items, "}", WIDTH)
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
        for node in term.trees:
            self.tree(node, points, bins, sizes)
        return cell

    def tree(
        self, node: Branch, points: str, bins: Mapping[str, str], sizes: Mapping[str, int], indent: str = ""
    ) -> None:
        """The choices of a small tree; its last choice is a line."""
        of = bins[node.field]
        chosen = write_membership(
            of,
            node.bins,
            sizes[node.field],
            ("==", "!="),
            "{low} <= {of} <= {high}",
            lambda listed: f"{of} in {{{listed}}}",
        )
        if isinstance(node.then, Leaf) and isinstance(node.otherwise, Leaf):
            self.line(f"{indent}{points} += {node.then.points} if {chosen} else {node.otherwise.points}")
            return
        for word, branch in ((f"if {chosen}:", node.then), ("else:", node.otherwise)):
            self.line(f"{indent}{word}")
            if isinstance(branch, Leaf):
                self.line(f"{indent}    {points} += {branch.points}")
            else:
                self.tree(branch, points, bins, sizes, f"{indent}    ")


def cut(group: Group, name: str) -> str:
    """The value of a variable within the limits of a group: comparisons, which take a fifth of `min` and `max`."""
    ends = []
    if group.maximum is not None:
        most = group.maximum if group.minimum is None else max(group.maximum, group.minimum)
        ends.append(f"{most} if {name} > {group.maximum} else ")
    if group.minimum is not None:
        ends.append(f"{group.minimum} if {name} < {group.minimum} else ")
    return f"({''.join(ends)}{name})" if ends else name
