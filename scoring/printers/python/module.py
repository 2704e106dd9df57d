"""The Python printer: a scorecard as straight-line source, compiled once.

`print_module` writes a module with one function, `tally(lead, as_of)`, that needs nothing but `bisect` and `fold`.
Names come from the card's identifiers, which the reader restricts to [a-z][a-z0-9_]*; every text goes through repr, so
nothing in a card can become code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

from leadledger.scoring.printers.python.conditions import ConditionSource
from leadledger.scoring.printers.python.points import PointsSource
from leadledger.scoring.printers.python.ranges import RangeSource
from leadledger.scoring.printers.python.writer import SourceWriter
from leadledger.scoring.scorecard import Scorecard

RawTally: TypeAlias = tuple[Any, ...]
TallyFunction: TypeAlias = Callable[[Mapping[str, Any], date], RawTally]

_HEAD = '''"""{title}: one lead in, its points out. Generated; change the card, not this file.

`tally(lead, as_of)` takes typed values (float, str, bool, datetime.date; None: missing) by field, and the day of
scoring. Points are whole tenths. It returns the total, the least and the most that answers could make of it, the points
of the rules (None: unknown), of the groups and of the learned terms, the bins where those were looked up, the criteria
and the exclusions.
"""

from bisect import bisect_right
'''


def print_module(card: Scorecard) -> str:
    """The Python source of a scorecard. Raises PrinterError for a name that the card's reader would refuse."""
    writer = SourceWriter()
    conditions = ConditionSource(card, writer)
    points = PointsSource(card, writer, conditions)
    written, learned = card.card, card.learned
    conditions.bind_values()
    writer.line()
    rules = [points.rule(rule) for rule in card.rules]
    writer.line()
    groups = [points.group(group) for group in card.groups]
    terms = [points.term(term) for term in learned.terms]
    earned = [writer.names["earned", priced.rule.name] for priced in card.each_rules]
    # The tuples that are returned are added up as they are, which takes half as long as one addition after the other.
    of_rules, of_terms = (writer.name("all", kind, f"{kind}_points") for kind in ("rule", "term"))
    _write_tuple(writer, f"{of_rules} = (", rules)
    _write_tuple(writer, f"{of_terms} = (", [points for points, _ in terms])
    sums = [f"sum(filter(None, {of_rules}))", *(f"({name} or 0)" for name in earned), *groups, f"sum({of_terms})"]
    writer.line(f"total = {' + '.join([str(learned.start), *sums])}")
    writer.line("low = high = total")
    RangeSource(card, writer, points).move_ends()
    writer.line()
    criteria = [conditions.three_valued("met", criterion.name, criterion.met.tree) for criterion in written.criteria]
    excluded = [conditions.three_valued("out", exclusion.name, exclusion.when.tree) for exclusion in written.exclude]
    writer.line("return (")
    writer.line("    total, low, high,")
    writer.line(f"    {of_rules},")
    _write_tuple(writer, "    (", groups, ",")
    writer.line(f"    {of_terms},")
    for names in ([place for _, place in terms], criteria, excluded):
        _write_tuple(writer, "    (", names, ",")
    writer.line(")")
    title = f"{written.name} {card.release}".strip()
    head = _HEAD.format(title="".join(sign for sign in title if sign.isprintable() and sign not in '\\"'))
    return "\n".join([head, *writer.constants, "", "", "def tally(lead, as_of):", *writer.lines, ""])


def _write_tuple(writer: SourceWriter, opening: str, items: Sequence[str], after: str = "") -> None:
    writer.write_items(opening, items, f",){after}" if len(items) == 1 else f"){after}")


def compile_card(card: Scorecard) -> TallyFunction:
    """The printed function, ready to call; it returns the fields of `Tally` (scoring/meaning) as a plain tuple."""
    space: dict[str, Any] = {}
    exec(compile(print_module(card), f"<scorecard {card.card.name!r}>", "exec"), space)
    function: TallyFunction = space["tally"]
    return function
