"""What is unknown, as Python source: the least and the most that answers could still make of the total."""

from __future__ import annotations

from leadledger.scoring.lookup import Combination, Table, Term, list_leaves
from leadledger.scoring.meaning.answers import find_lone_effects
from leadledger.scoring.priced_rule import PricedRule
from leadledger.scoring.printers.choices import group_trees
from leadledger.scoring.printers.python.conditions import all_of, any_of
from leadledger.scoring.printers.python.points import PointsSource, cut
from leadledger.scoring.printers.python.writer import SourceWriter
from leadledger.scoring.rule import Group
from leadledger.scoring.scorecard import Scorecard


class RangeSource:
    """The range of the total of one card: lines that move `low` and `high` away from it."""

    def __init__(self, card: Scorecard, writer: SourceWriter, points: PointsSource) -> None:
        self.card = card
        self.points = points
        self.names, self.name, self.field, self.line = writer.names, writer.name, writer.field, writer.line
        self.bin, self.tree = points.bin, points.tree

    def move_ends(self) -> None:
        """What the unknown could still change: move `low` and `high` away from the total."""
        settled = find_lone_effects(self.card)
        for answer in settled:
            self.line(f"if {self.field(answer.field)} is None:")
            self.line(f"    low += {answer.low}")
            self.line(f"    high += {answer.high}")
        settled_rules = {name for answer in settled for name in answer.rules}
        for rule in self.card.rules:
            if rule.askable and not rule.rule.group and rule.rule.name not in settled_rules:
                low, high = self.span(rule)
                moves = [f"{end} += {move}" for end, move in (("low", low), ("high", high)) if move != "0"]
                if moves:
                    self.line(f"if {self.is_open(rule)}:")
                    for move in moves:
                        self.line(f"    {move}")
        for group in self.card.groups:
            self.move_by_group(group)
        settled_terms = {name for answer in settled for name in answer.terms}
        for term in self.card.learned.terms:
            if term.name not in settled_terms:
                self.move_by_term(term)

    def is_open(self, rule: PricedRule) -> str:
        """Whether a rule is unknown, and a question could settle it."""
        missing = [f"{self.field(name)} is None" for name in rule.askable]
        return f"{self.names['rule', rule.rule.name]} is None and {any_of(missing, True)}"

    def span(self, rule: PricedRule) -> tuple[str, str]:
        """The least and the most that a rule could bring, if it is open."""
        most = str(rule.points)
        if rule.steps is not None:
            worth = self.names["worth", rule.rule.name]
            most = f"({rule.points} if {worth} is None else {worth})"
        return (most, "0") if rule.points < 0 else ("0", most)

    def move_by_group(self, group: Group) -> None:
        """Move the ends by what the open rules of a group could change."""
        members = [rule for rule in self.card.rules if rule.rule.group == group.name and rule.askable]
        if not members:
            return
        total = self.names["sum", group.name]
        lows, highs = (self.name(end, group.name, f"{end}_{group.name}") for end in ("least", "most"))
        self.line(f"if {any_of([self.is_open(rule) for rule in members])}:")
        if group.best_of:
            best = self.names["best", group.name]
            self.line(f"    {lows} = {best} if {best} else 0")
            self.line(f"    {highs} = {best}")
            # `best` is 0 only where nothing fired: then one unknown rule alone could still bring it below zero.
            fired = f"{best} != 0"
        else:
            self.line(f"    {lows} = {highs} = {total}")
        for rule in members:
            low, high = self.span(rule)
            self.line(f"    if {self.is_open(rule)}:")
            if group.best_of:
                self.line(f"        {lows} = {lows} if {fired} else min({lows}, {low})")
                self.line(f"        {highs} = max({highs}, {high})")
            else:
                self.line(f"        {lows} += {low}")
                self.line(f"        {highs} += {high}")
        before = self.names["best" if group.best_of else "sum", group.name]
        self.line(f"    low += {cut(group, lows)} - {cut(group, before)}")
        self.line(f"    high += {cut(group, highs)} - {cut(group, before)}")

    def move_by_combination(self, term: Combination) -> None:
        """What open answers could make of a combination: any leaf of each tree that asks for one."""
        bins = {name: self.bin(name, bins) for name, bins in zip(term.fields, term.bins, strict=True)}
        sizes = dict(zip(term.fields, map(len, term.bins), strict=True))
        points = self.names["points", term.name]
        askable = frozenset(name for name in term.fields if self.card.find_askable((name,)))
        for names, trees in group_trees(term, askable):
            if not names:
                continue
            low, high = (
                sum(end(leaf.points for leaf in list_leaves(term.trees[i])) for i in trees) for end in (min, max)
            )
            self.line(f"if {any_of([self.is_missing(name, len(names) > 1) for name in names])}:")
            now = points
            if len(trees) < len(term.trees):
                now = self.name("part", (term.name, names), f"{points}_part")
                self.line(f"    {now} = 0")
                for i in trees:
                    self.tree(term.trees[i], now, bins, sizes, "    ")
            self.line(f"    low += {low} - {now}")
            self.line(f"    high += {high} - {now}")

    def move_by_term(self, term: Term) -> None:
        """Move the ends by what open answers could make of a term."""
        if isinstance(term, Combination):
            self.move_by_combination(term)
            return
        points = self.names["points", term.name]
        if isinstance(term, Table):
            if self.card.find_askable(term.fields):
                self.line(f"if {self.is_missing(term.field)}:")
                self.line(f"    low += {min(term.points)} - {points}")
                self.line(f"    high += {max(term.points)} - {points}")
            return
        row, column = (self.bin(name, bins) for name, bins in zip(term.fields, term.bins, strict=True))
        table = self.names["table", term.name]
        width = len(term.bins[1])
        cells = [cell for line in term.points for cell in line]
        first, second = (self.is_missing(name) if self.card.find_askable((name,)) else "" for name in term.fields)
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

    def is_missing(self, field: str, inner: bool = False) -> str:
        """Whether a learned field is missing, and a question could bring it."""
        roots = self.card.find_askable((field,))
        missing = f"{self.field(field)} is None"
        if roots == (field,):
            return missing
        return all_of([missing, any_of([f"{self.field(root)} is None" for root in roots], True)], inner)
