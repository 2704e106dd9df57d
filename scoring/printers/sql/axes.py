"""Axes as SQL: the points of each, which with the start add up to the total, what is unknown, and the grades."""

from __future__ import annotations

from collections.abc import Iterator

from leadledger.scoring.axis import UNKNOWN_GRADE, AxisName
from leadledger.scoring.axis_parts import AxisPart, Stake, find_axis_parts
from leadledger.scoring.each_points import name_earned
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, join, write
from leadledger.scoring.printers.sql.points import PointsPrinter
from leadledger.scoring.printers.sql.query import name_counted
from leadledger.scoring.printers.sql.ranges import End, RangePrinter
from leadledger.scoring.scorecard import Scorecard


def name_points(axis: AxisName) -> str:
    """The column of the points on an axis, in tenths."""
    return f"ll:{axis}"


def name_unknown(axis: AxisName) -> str:
    """The column of what is unknown of what an axis can earn, in tenths."""
    return f"ll:{axis}:unknown"


class AxisPrinter:
    """The axes of one card, over the columns of its entries; there are none in a card without axes."""

    def __init__(self, card: Scorecard, points: PointsPrinter) -> None:
        self.card = card
        self.parts = find_axis_parts(card)
        self.points = points
        self.column, self.field, self.dialect = points.column, points.field, points.dialect

    def entries(self, part: AxisPart) -> Iterator[Expression]:
        """The entries on an axis, which add up to its points."""
        yield Expression("0")
        yield from (write("coalesce({}, 0)", self.column(f"r:{rule}")) for rule in part.rules)
        yield from (write("coalesce({}, 0)", self._earned(rule)) for rule in part.each_rules)
        yield from (self.column(f"g:{group}") for group in part.groups)
        yield from (self.column(f"t:{self.card.learned.terms[i].name}") for i in part.terms)

    def unknown(self, part: AxisPart) -> Iterator[Expression]:
        """What is unknown of what an axis can earn; its parts add up."""
        yield Expression("0")
        yield from map(self._unknown_stake, part.stakes)
        for i, worth in part.worths:
            missing = [write("{} IS NULL", self.field(name)) for name in self.card.learned.terms[i].fields]
            yield write("CASE WHEN {} THEN {} ELSE 0 END", join(" OR ", missing), worth)

    def _unknown_stake(self, stake: Stake) -> Expression:
        rules = [(self.column(f"r:{name}"), worth) for name, worth in stake.rules]
        rules += [(self._earned(name), worth) for name, worth in stake.each_rules]
        total = join(" + ", [write("CASE WHEN {} IS NULL THEN {} ELSE 0 END", rule, worth) for rule, worth in rules])
        return write("least({}, {})", total, stake.worth) if stake.may_exceed else total

    def _earned(self, rule: str) -> Expression:
        return self.column(name_counted(name_earned(rule)))

    def grade(self, part: AxisPart) -> Expression:
        """The grade on an axis."""
        points, text = self.column(name_points(part.name)), self.dialect.text
        cases = [write(" WHEN {} >= {} THEN {}", points, cut, text(grade)) for grade, cut in part.axis.grades]
        return write(
            "CASE WHEN {} > {} THEN {}{} ELSE {} END",
            self.column(name_unknown(part.name)),
            part.most_unknown,
            text(UNKNOWN_GRADE),
            join("", cases),
            text(part.axis.below),
        )

    def outputs(self) -> dict[str, Expression]:
        """The columns AXIS_COLUMNS of `scoring/outputs.py`."""
        number = self.dialect.number(10.0)
        outputs = {str(axis): write("{} / {}", self.column(name_points(axis)), number) for axis in self.parts}
        if outputs:
            outputs["axis_grades"] = join(" || ", map(self.grade, self.parts.values()))
        return outputs

    def demands(self) -> Iterator[StepColumn]:
        """Whether a lead has each grade that stages ask for, as criteria; NULL: answers could still bring it."""
        for demand in self.card.demands:
            part, points = self.parts[demand.axis], self.column(name_points(demand.axis))
            unknown = self.column(name_unknown(demand.axis))
            low, high = (self._range(part, end) for end in ("low", "high"))
            yield StepColumn(
                f"c:{demand.name}",
                write(
                    "CASE WHEN {} >= {} AND {} <= {} THEN TRUE WHEN {} < {} AND {} >= {} THEN NULL ELSE FALSE END",
                    *(points, demand.cut, unknown, part.most_unknown),
                    *(low, high, high, demand.cut),
                ),
            )

    def ranges(self) -> Iterator[StepColumn]:
        """What answers to questions could make of the points on each axis that stages ask a grade of."""
        for axis in dict.fromkeys(demand.axis for demand in self.card.demands):
            printer = RangePrinter(self.points, self.parts[axis].alone)
            ends: tuple[End, ...] = ("low", "high")
            for end in ends:
                moves = printer.moves(end, self.column(name_points(axis)))
                yield StepColumn(_name_end(axis, end), join(" + ", moves))

    def _range(self, part: AxisPart, end: str) -> Expression:
        return self.column(_name_end(part.name, end))


def _name_end(axis: AxisName, end: str) -> str:
    """The column of the least or the most that answers could make of the points on an axis."""
    return f"ll:{axis}:{end}"
