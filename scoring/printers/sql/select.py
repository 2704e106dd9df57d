"""The SQL printer: a scorecard as one SELECT, which scores a whole list where it lies.

Each step of a score is one common table expression, in the order in which a person would work it out: the raw values
are cleaned, derived fields are computed, rules and tables are priced, groups are capped, the total is added up, the
gate is asked. SQL's own three-valued logic is the language's logic, so a condition is printed as it is read. Points are
integers. Every name from a card is quoted as an identifier and every text as a literal, so nothing can become code.

Columns made on the way have a prefix that says what they are: `f:` a field, `a:` its text folded, `r:` a rule (NULL:
unknown), `g:` a group, `t:` a learned term, `c:` a criterion, `x:` an exclusion, `ll:` the lead as a whole; those of
reasons are told in `reasons.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from leadledger.scoring import tree
from leadledger.scoring.card.condition import parse_tree
from leadledger.scoring.errors import PrinterError
from leadledger.scoring.field import Field, fold
from leadledger.scoring.gate import Gate
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
    list_bins,
    list_leaves,
)
from leadledger.scoring.meaning.answers import find_lone_effects
from leadledger.scoring.outputs import PLUS_MINUS, REASON_COLUMNS, SCORE_COLUMNS, names
from leadledger.scoring.printers.choices import LONGEST_CASE, question, together
from leadledger.scoring.printers.comments import comment_text
from leadledger.scoring.printers.sql import cleaning, reasons, steps
from leadledger.scoring.printers.sql import memos as memo
from leadledger.scoring.printers.sql.cleaning import KINDS
from leadledger.scoring.printers.sql.dialects.by_name import DIALECTS
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.dialects.duckdb import DUCKDB
from leadledger.scoring.printers.sql.dialects.literals import table_parts
from leadledger.scoring.printers.sql.query import BAD, EXCLUDED, GOES_TO, HIGH, LOW, STANDS_AT, TOTAL, Query
from leadledger.scoring.rule import Group
from leadledger.scoring.scorecard import START_TENTHS, TENTHS_PER_DOUBLING, Card, PricedRule, Scorecard

# The prefixes of columns made on the way.
OURS = re.compile(
    r"(raw|v|f|a|w|b|r|t|c|x|s|m|l|h|g|e|up|down|ll|new|at|places?|mask|values|list|memo|bad|p|from|upto):",
    re.IGNORECASE,
)


def to_sql(
    card: Scorecard,
    as_of: date,
    *,
    source: str = "leads",
    columns: Mapping[str, str] | None = None,
    keep: Sequence[str] = (),
    dialect: str = "duckdb",
    plus_minus: bool = False,
    explain: bool = False,
    ledger: bool = False,
    where: str = "",
) -> str:
    """The scorecard as one SELECT over the table `source`, which may be `schema.table` or `"odd.name"`.

    `columns` maps the table's columns to their SQL types; None: one column for each field, of the field's own kind.
    `keep` are columns to bring along. The SELECT adds score, points, probability, grade and recommendation, with
    `plus_minus` also the standard error of the points, with `explain` the three strongest reasons each way, with
    `ledger` a column for each entry, in tenths of points; all but the entries are NULL where a value of the lead can't
    be read. `where`, in the card's own language, leaves out other leads. Raises PrinterError, ConditionError,
    DataError.
    """
    spelt = DIALECTS.get(dialect, DUCKDB)
    query = Query(
        as_of,
        ".".join(map(spelt.name, table_parts(source, spelt.table_parts))),
        columns,
        keep,
        plus_minus=plus_minus,
        explain=explain,
        ledger=ledger,
        where=parse_tree(where, card.card.fields) if where else None,
    )
    return select(card, query, dialect)


def select(card: Scorecard, query: Query, dialect: str = "duckdb") -> str:
    """The SELECT that scores a list. Raises PrinterError where the dialect lacks what the card asks of it."""
    if dialect not in DIALECTS:
        raise PrinterError(f"there is no SQL printer for '{dialect}'; there is one for: {', '.join(DIALECTS)}")
    return _Printer(card, query, DIALECTS[dialect]).select()


def with_memos(card: Scorecard, query: Query, values: Mapping[str, str]) -> tuple[Query, list[str]]:
    """The query with memos of some columns, and the statements that make and fill them in DuckDB.

    `values` are FROM items of the values of each column, under its name. Those that can't be read are left out, lest
    their leads look like good ones. A column on which nothing rests alone gets no memo.
    """
    query = replace(query, memos={column: f"ll_memo_{i}" for i, column in enumerate(values)})
    found = _Printer(card, query, DIALECTS["duckdb"]).memos(values)
    filled = {column: query.memos[column] for column in found}
    return replace(query, memos=filled), memo.filling((column, filled[column], *found[column]) for column in found)


def select_fields(card: Scorecard, query: Query, dialect: str = "duckdb") -> str:
    """The SELECT that only cleans: `keep`, then a typed column `f:…` for each field, derived ones too, and `bad`."""
    printer = _Printer(card, query, DIALECTS[dialect])
    printer.clean()
    printer.derive()
    columns = [*map(printer.name, [*query.keep, *(f"f:{one}" for one in card.card.fields), BAD])]
    return printer.finish(columns)


class _Printer:
    """One printing: the common table expressions so far."""

    def __init__(self, card: Scorecard, query: Query, dialect: Dialect) -> None:
        self.card = card
        self.query = query
        self.dialect = dialect
        self.name, self.text, self.number = dialect.name, dialect.text, dialect.number
        self.steps: list[steps.Step] = []

    def step(self, label: str, why: str, columns: Iterable[str], where: str = "") -> None:
        """Add a common table expression that has the columns so far, and some more."""
        added = list(columns)
        if added or where:
            self.steps.append(steps.Step(label, why, added, where))

    def finish(self, columns: Sequence[str]) -> str:
        """The whole: the steps, and a SELECT of some columns from the last."""
        head = f"-- {comment_text(self.card.card.name)} {comment_text(self.card.release)}".rstrip()
        head += f" -- {self.dialect.note}" if self.dialect.note else ""
        made = {steps.name_of(line) for one in self.steps for line in one.added}  # which may be kept too
        there = [one for one in map(self.name, dict.fromkeys([*self.columns(), *self.query.keep])) if one not in made]
        printing, source = self.steps, self.query.source
        if self.query.memos:
            split = memo.split(printing, columns, self.query.memos)
            printing, source = split.main(), split.source(source, self.query.memos)
        return f"{head}\n{steps.printed(printing, source, there, columns, self.dialect)}"

    def memos(self, values: Mapping[str, str]) -> dict[str, tuple[str, list[str]]]:
        """The SELECT of the values of each memo, and the columns that are asked of them."""
        columns = self.select_list()
        split = memo.split(self.steps, columns, self.query.memos)
        found = {}
        for column, source in values.items():
            value, bad, wanted = memo.new(column), memo.bad(column), split.wanted[column]
            asked = [f"{value} AS {self.name(memo.VALUE)}", self.name(memo.ROWS), *wanted]
            solo = steps.asked(split.of(column), [*asked, bad])
            readable = bad in memo.rests(solo)
            if readable or wanted:
                some = f"SELECT {self.name(column)} AS {value}, count(*) AS {self.name(memo.ROWS)} FROM {source}"
                body = steps.printed(solo, f"({some} GROUP BY 1)", [], asked, self.dialect)
                found[column] = (f"{body}\nWHERE {bad} IS NULL" if readable else body, wanted)
        return found

    def raw(self, column: str) -> str:
        """The name under which the raw values of a column are read."""
        return memo.new(column) if column in self.query.memos else self.name(column)

    def gathered(self, label: str, prefix: str, parts: Iterable[str]) -> list[str]:
        """The parts of a sum; those that rest on one column with a memo are first summed in a step of their own."""
        if not self.query.memos:
            return list(parts)
        origins = memo.rests(self.steps)
        by_column: dict[str, list[str]] = {}
        for part in parts:
            on = memo.origin(part, origins)
            alone = [column for column in self.query.memos if on == {memo.new(column)}]
            by_column.setdefault(self.name(f"{prefix}:{alone[0]}") if alone else "", []).append(part)
        left = by_column.pop("", [])
        added = [f"{' + '.join(some)} AS {one}" for one, some in by_column.items()]
        self.step(label, "what each column brings by itself", added)
        return [*left, *by_column]

    def columns(self) -> Iterable[str]:
        """The columns of the source."""
        columns = self.query.columns
        return [one.name for one in self.card.card.plain_fields] if columns is None else columns

    def select(self) -> str:
        return self.finish(self.select_list())

    def select_list(self) -> list[str]:
        """Add all steps; the columns that are brought back."""
        card = self.card
        self.clean()
        self.derive()
        self.choose()
        self.step("prepared", "days, folded texts and bins that several steps ask", self.prepared())
        self.step("priced", "what each rule and each table earns, in tenths", self.priced())
        self.step("grouped", "what groups of rules are worth together", self.grouped())
        self.step("capped", "what their limits leave, less the plain sum", self.capped())
        self.step("summed", "the total", [f"{self.total()} AS {self.name(TOTAL)}"])
        self.step("ranged", "what answers to questions could still make of it", self.ranged())
        at, out = f"{self.stage()} AS {self.name(STANDS_AT)}", f"{self.excluded()} AS {self.name(EXCLUDED)}"
        self.step("placed", "where the lead stands, and whether it is excluded", [at, out])
        if self.query.explain:
            for label, why, added in reasons.steps(card, self.dialect, self.by_bin, self.bin_name):
                self.step(label, why, added)
        wanted = names(SCORE_COLUMNS)
        wanted += (PLUS_MINUS.name,) if self.query.plus_minus else ()
        wanted += names(REASON_COLUMNS) if self.query.explain else ()
        named = {one: self.name(self.query.names.get(one, one)) for one in wanted}
        base = card.learned.base_rate
        expressions = {
            "score": self.dialect.integer_division(f"least(greatest({self.name(TOTAL)}, 0), 1000) + 5", 10),
            "points": f"{self.name(TOTAL)} / {self.number(10.0)}",
            "probability": f"CAST(NULL AS {self.dialect.types['DOUBLE']})" if base is None else self.probability(base),
            "grade": self.grade(),
            "recommendation": self.recommendation(),
        }
        if self.query.plus_minus:
            expressions[PLUS_MINUS.name] = self.plus_minus()
        expressions |= {one: self.name(f"ll:{one}") for one in names(REASON_COLUMNS)}
        columns = list(map(self.name, self.query.keep))
        # A score that rests on a value that can't be read is no score.
        columns += [f"CASE WHEN NOT {self.name(BAD)} THEN {expressions[one]} END AS {named[one]}" for one in wanted]
        if self.query.checks:
            columns += [
                *map(self.name, (BAD, EXCLUDED, STANDS_AT)),
                f"{self.to()} AS {self.name(GOES_TO)}",
                *map(self.name, (TOTAL, LOW, HIGH)),
            ]
            columns += [self.name(f"c:{one.name}") for one in card.card.criteria]
            columns += [self.name(f"x:{one.name}") for one in card.card.exclude]
        if self.query.fields:
            columns += [self.name(f"f:{one}") for one in card.card.fields]
        if self.query.ledger:
            columns += [self.name(f"r:{one.rule.name}") for one in card.rules]
            columns += [self.name(f"g:{one.name}") for one in card.groups]
            columns += [self.name(f"t:{one.name}") for one in card.learned.terms]
        return columns

    # -- values -----------------------------------------------------------------------------------------------------

    def clean(self) -> None:
        columns = self.query.columns
        if columns is None:
            columns = {one.name: KINDS[one.kind] for one in self.card.card.plain_fields}
        taken = [column for column in columns if OURS.match(column)]
        if taken:
            raise PrinterError(f"column '{taken[0]}' has a prefix that the printer uses itself; rename the column")
        for label, why, added in cleaning.steps(self.card.card, columns, self.dialect, self.raw):
            self.step(label, why, added)
        asked = searched(self.card.card, self.query.where)
        folded = [f"{self.dialect.fold(self.field(of))} AS {self.name(f'a:{of}')}" for of in asked]
        self.step("folded", "texts that are searched, A to Z in lower case", folded)

    def derive(self) -> None:
        """One step for each level of derived fields, since a step sees only the columns of the steps before it."""
        done = {one.name for one in self.card.card.plain_fields}
        left = list(self.card.card.derived_fields)
        level = 1
        while left:
            ready = [one for one in left if set(one.computed_from) <= done]
            self.step(
                f"derived_{level}",
                "fields that are computed from others",
                [f"{self.derived(one)} AS {self.field(one.name)}" for one in ready],
            )
            done |= {one.name for one in ready}
            left = [one for one in left if one.name not in done]
            level += 1

    def choose(self) -> None:
        if self.query.where is not None:
            wanted = f"{self.name(BAD)} OR {bracketed(self.condition(self.query.where))}"
            self.step("chosen", "the leads that are asked for", [], wanted)

    def derived(self, one: Field) -> str:
        node = one.derived
        assert node is not None
        return self.operand(node) if isinstance(node, tree.Days) else self.condition(node)

    def field(self, of: str) -> str:
        return self.name(f"f:{of}")

    def as_of(self) -> str:
        day = self.query.as_of
        return f"DATE '{day.isoformat()}'" if isinstance(day, date) else self.field(day)

    # -- conditions -------------------------------------------------------------------------------------------------

    def condition(self, node: tree.Node) -> str:
        match node:
            case tree.Compare(op=op, left=left, right=right):
                return f"{self.operand(left)} {op} {self.operand(right)}"
            case tree.In(of=of, values=values):
                return f"{self.operand(of)} IN ({', '.join(self.operand(one) for one in values)})"
            case tree.Search(way=way, of=of, text=part):
                return self.dialect.search(way, self.name(f"a:{of.name}"), self.text(fold(part)))
            case tree.Truth(of=of):
                return self.field(of.name)
            case tree.IsNull(of=of):
                return f"{self.operand(of)} IS NULL"
            case tree.Not(of=of):
                return f"NOT ({self.condition(of)})"
            case tree.And(of=parts):
                return " AND ".join(f"({self.condition(part)})" for part in parts)
            case tree.Or(of=parts):
                return " OR ".join(f"({self.condition(part)})" for part in parts)

    def operand(self, node: tree.Operand | tree.Constant) -> str:
        match node:
            case tree.FieldRef(name=of):
                return self.field(of)
            case tree.Days(way=way, of=of):
                days = (self.as_of(), self.field(of.name)) if way == "since" else (self.field(of.name), self.as_of())
                return self.dialect.days_between(*days)
            case tree.Constant(value=value):
                return self.literal(value)

    # -- points -----------------------------------------------------------------------------------------------------

    def prepared(self) -> Iterable[str]:
        for one in self.card.rules:
            if one.steps is not None and one.rule.half_life is not None:
                days = self.operand(tree.Days("since", tree.FieldRef(one.rule.half_life.of, "date")))
                worth = self.staircase(days, [float(edge) for edge in one.steps.edges], one.steps.points)
                yield f"CASE WHEN {days} IS NOT NULL THEN {worth} END AS {self.name(f'w:{one.rule.name}')}"
        made = set()
        for term in self.card.learned.terms:
            if not isinstance(term, Table):
                for of, bins in zip(term.fields, term.bins, strict=True):
                    column = self.bin_name(of, bins)
                    if column not in made:
                        made.add(column)
                        yield f"{self.by_bin(of, bins, range(len(bins)))} AS {column}"

    def bin_name(self, of: str, bins: Bins, prefix: str = "b") -> str:
        """The column of a field's bin, or of its words; two tables may split the same field at other places."""
        splits = list(
            dict.fromkeys(
                other
                for term in self.card.learned.terms
                if not isinstance(term, Table)
                for asked, other in zip(term.fields, term.bins, strict=True)
                if asked == of
            )
        )
        return self.name(f"{prefix}:{of}:{splits.index(bins)}")

    def by_bin(self, of: str, bins: Bins, points: Sequence[object]) -> str:
        """The number of `points` (printed as they are) of the bin that a field falls in."""
        value = self.field(of)
        if isinstance(bins, NumberBins):
            inner = self.staircase(value, bins.edges, points[1:])
            return f"CASE WHEN {value} IS NULL THEN {points[0]} ELSE {inner} END"
        if isinstance(bins, TextBins):
            levels = "".join(
                f" WHEN {self.text(level)} THEN {points[i]}" for i, level in enumerate(bins.levels, start=1)
            )
            if not levels:
                return f"CASE WHEN {value} IS NULL THEN {points[0]} ELSE {points[-1]} END"
            return f"CASE WHEN {value} IS NULL THEN {points[0]} ELSE CASE {value}{levels} ELSE {points[-1]} END END"
        assert isinstance(bins, FlagBins)
        return f"CASE {value} WHEN FALSE THEN {points[1]} WHEN TRUE THEN {points[2]} ELSE {points[0]} END"

    def priced(self) -> Iterable[str]:
        for one in self.card.rules:
            worth = self.name(f"w:{one.rule.name}") if one.steps is not None else str(one.points)
            condition = self.condition(one.rule.when.tree)
            yield (
                f"CASE {bracketed(condition)} WHEN TRUE THEN {worth} WHEN FALSE THEN 0 END"
                f" AS {self.name(f'r:{one.rule.name}')}"
            )
        for term in self.card.learned.terms:
            yield f"{self.term(term)} AS {self.name(f't:{term.name}')}"
        for criterion in self.card.card.criteria:
            yield f"{bracketed(self.condition(criterion.met.tree))} AS {self.name(f'c:{criterion.name}')}"
        for exclusion in self.card.card.exclude:
            yield f"{bracketed(self.condition(exclusion.when.tree))} AS {self.name(f'x:{exclusion.name}')}"

    def term(self, term: Term) -> str:
        if isinstance(term, Table):
            return self.by_bin(term.field, term.bins, term.points)
        if isinstance(term, Combination):
            return " + ".join(self.tree(term, tree) for tree in term.trees)
        row, column = (self.bin_name(of, bins) for of, bins in zip(term.fields, term.bins, strict=True))
        return self.dialect.element(
            [cell for line in term.points for cell in line], f"{row} * {len(term.bins[1])} + {column}"
        )

    def tree(self, term: Combination, node: Branch | Leaf) -> str:
        """The points of a small tree of a combination, as nested choices over the columns of bins."""
        if isinstance(node, Leaf):
            return str(node.points)
        bins = list_bins(term)[term.fields.index(node.field)]
        of = self.bin_name(node.field, bins)
        asked = question(
            of,
            node.bins,
            len(bins),
            ("=", "<>"),
            "{of} BETWEEN {low} AND {high}",
            lambda listed: f"{of} IN ({listed})",
        )
        return f"CASE WHEN {asked} THEN {self.tree(term, node.then)} ELSE {self.tree(term, node.otherwise)} END"

    def plus_minus(self) -> str:
        """The standard error of the points, as `Result.error`; NULL where no term has errors.

        In doubles, which hold the sum of the squares exactly, and their square root to the last bit.
        """
        always, squares = 0, []
        for term in self.card.learned.terms:
            if isinstance(term, Combination):
                always += term.error**2
            elif isinstance(term, Table) and term.errors:
                squares.append(self.by_bin(term.field, term.bins, self.squares(term.errors)))
            elif not isinstance(term, Table) and term.errors:
                row, column = (self.bin_name(of, bins) for of, bins in zip(term.fields, term.bins, strict=True))
                cells = self.squares([cell for line in term.errors for cell in line])
                squares.append(self.dialect.element(cells, f"{row} * {len(term.bins[1])} + {column}"))
        if not always and not squares:
            return f"CAST(NULL AS {self.dialect.types['DOUBLE']})"
        total = " + ".join([self.number(float(always)), *squares])
        return f"floor(sqrt({total}) + {self.number(0.5)}) / {self.number(10.0)}"

    def members(self, group: Group) -> list[PricedRule]:
        return [one for one in self.card.rules if one.rule.group == group.name]

    def grouped(self) -> Iterable[str]:
        """The plain sum of each group, and of a `best_of` group the best; then the range of either."""
        for group in self.card.groups:
            rules = [self.name(f"r:{one.rule.name}") for one in self.members(group)]
            yield f"{' + '.join(f'coalesce({one}, 0)' for one in rules) or '0'} AS {self.name(f's:{group.name}')}"
            spans = [(self.opened(one), *self.span(one)) for one in self.members(group) if one.askable]
            if group.best_of:
                best = (
                    self.dialect.most([f"nullif({one}, 0)" for one in rules])
                    if rules
                    else f"CAST(NULL AS {self.dialect.types['INTEGER']})"
                )
                lows = ", ".join(f"CASE WHEN {is_open} THEN {low} ELSE 0 END" for is_open, low, _ in spans)
                yield f"{best} AS {self.name(f'm:{group.name}')}"
                yield f"coalesce({best}, {f'least(0, {lows})' if lows else '0'}) AS {self.name(f'l:{group.name}')}"
                tops = [f"CASE WHEN {is_open} THEN {high} END" for is_open, _, high in spans]
                yield f"{self.dialect.most([f'coalesce({best}, 0)', *tops])} AS {self.name(f'h:{group.name}')}"
            else:
                for prefix, end in (("l", 0), ("h", 1)):
                    moves = "".join(f" + CASE WHEN {one[0]} THEN {one[1 + end]} ELSE 0 END" for one in spans)
                    total = " + ".join(f"coalesce({one}, 0)" for one in rules) or "0"
                    yield f"{total}{moves} AS {self.name(f'{prefix}:{group.name}')}"

    def capped(self) -> Iterable[str]:
        for group in self.card.groups:
            worth = f"coalesce({self.name(f'm:{group.name}')}, 0)" if group.best_of else self.name(f"s:{group.name}")
            yield f"{cut(group, worth)} - {self.name(f's:{group.name}')} AS {self.name(f'g:{group.name}')}"

    def total(self) -> str:
        parts = [str(self.card.learned.start)]
        parts += [f"coalesce({self.name(f'r:{one.rule.name}')}, 0)" for one in self.card.rules]
        parts += [self.name(f"g:{one.name}") for one in self.card.groups]
        parts += [self.name(f"t:{one.name}") for one in self.card.learned.terms]
        return " + ".join(self.gathered("earned", "p", parts))

    # -- what is unknown --------------------------------------------------------------------------------------------

    def opened(self, one: PricedRule) -> str:
        """Whether a rule is unknown, and a question could settle it."""
        missing = " OR ".join(f"{self.field(of)} IS NULL" for of in one.askable)
        return f"{self.name(f'r:{one.rule.name}')} IS NULL AND ({missing})"

    def span(self, one: PricedRule) -> tuple[str, str]:
        """The least and the most that an open rule could bring."""
        most = str(one.points)
        if one.steps is not None:
            most = f"coalesce({self.name(f'w:{one.rule.name}')}, {one.points})"
        return (most, "0") if one.points < 0 else ("0", most)

    def ranged(self) -> Iterable[str]:
        for end, label in enumerate(map(self.name, (LOW, HIGH))):
            moves = [self.name(TOTAL)]
            settled = {name for one in find_lone_effects(self.card) for name in one.rules}
            for answer in find_lone_effects(self.card):
                shift = (answer.low, answer.high)[end]
                moves.append(f"CASE WHEN {self.field(answer.field)} IS NULL THEN {shift} ELSE 0 END")
            for one in self.card.rules:
                if one.rule.group or one.rule.name in settled:
                    continue
                if one.askable and self.span(one)[end] != "0":
                    moves.append(f"CASE WHEN {self.opened(one)} THEN {self.span(one)[end]} ELSE 0 END")
            for group in self.card.groups:
                if any(one.askable for one in self.members(group)):
                    now = (
                        f"coalesce({self.name(f'm:{group.name}')}, 0)"
                        if group.best_of
                        else self.name(f"s:{group.name}")
                    )
                    then = self.name(f"{'lh'[end]}:{group.name}")
                    moves.append(f"{cut(group, then)} - ({cut(group, now)})")
            for term in self.card.learned.terms:
                if any(term.name in one.terms for one in find_lone_effects(self.card)):
                    continue
                moves += self.term_span(term, min if end == 0 else max)
            yield f"{' + '.join(self.gathered(f'moved_{end}', ('from', 'upto')[end], moves))} AS {label}"

    def combination_span(self, term: Combination, extreme: Callable[[Iterable[int]], int]) -> list[str]:
        """What open answers could make of a combination: any leaf of each tree that asks for one."""
        askable = frozenset(of for of in term.fields if self.card.find_askable((of,)))
        found = []
        for asked, trees in together(term, askable):
            if asked:
                most = sum(extreme(leaf.points for leaf in list_leaves(term.trees[i])) for i in trees)
                now = self.name(f"t:{term.name}")
                if len(trees) < len(term.trees):
                    now = bracketed(" + ".join(self.tree(term, term.trees[i]) for i in trees))
                found.append(f"CASE WHEN {' OR '.join(map(self.free, asked))} THEN {most} - {now} ELSE 0 END")
        return found

    def term_span(self, term: Term, end: object) -> list[str]:
        extreme = min if end is min else max
        if isinstance(term, Combination):
            return self.combination_span(term, extreme)
        points = self.name(f"t:{term.name}")
        if isinstance(term, Table):
            if not self.card.find_askable(term.fields):
                return []
            return [f"CASE WHEN {self.free(term.field)} THEN {extreme(term.points)} - {points} ELSE 0 END"]
        row, column = (self.bin_name(of, bins) for of, bins in zip(term.fields, term.bins, strict=True))
        first, second = (self.free(of) if self.card.find_askable((of,)) else "" for of in term.fields)
        cases = []
        if first and second:
            most = extreme(cell for line in term.points for cell in line)
            cases.append(f"WHEN {first} AND {second} THEN {most} - {points}")
        if first:
            by_column = [extreme(cells) for cells in zip(*term.points, strict=True)]
            cases.append(f"WHEN {first} THEN {self.dialect.element(by_column, column)} - {points}")
        if second:
            by_row = [extreme(cells) for cells in term.points]
            cases.append(f"WHEN {second} THEN {self.dialect.element(by_row, row)} - {points}")
        return [f"CASE {' '.join(cases)} ELSE 0 END"] if cases else []

    def free(self, of: str) -> str:
        """Whether a learned field is missing, and a question could bring it."""
        roots = self.card.find_askable((of,))
        missing = f"{self.field(of)} IS NULL"
        if roots == (of,):
            return missing
        return f"({missing} AND ({' OR '.join(f'{self.field(root)} IS NULL' for root in roots)}))"

    # -- the gate ---------------------------------------------------------------------------------------------------

    def stage(self) -> str:
        standing = self.text(self.card.card.default_stage)
        if "stage" not in self.card.card.fields or not self.card.gates:
            return standing
        known = ", ".join(self.text(one) for one in self.card.gates)
        return f"CASE WHEN {self.field('stage')} IN ({known}) THEN {self.field('stage')} ELSE {standing} END"

    def excluded(self) -> str:
        names = [self.name(f"x:{one.name}") for one in self.card.card.exclude]
        return " OR ".join(f"coalesce({one}, FALSE)" for one in names) or "FALSE"

    def recommendation(self) -> str:
        cases = "".join(
            f" WHEN {self.name(STANDS_AT)} = {self.text(at)} THEN {self.verdict(gate)}"
            for at, gate in self.card.gates.items()
            if gate
        )
        return f"CASE WHEN {self.name(EXCLUDED)} THEN 'disqualify'{cases} ELSE 'keep' END"

    def to(self) -> str:
        cases = "".join(
            f" WHEN {self.name(STANDS_AT)} = {self.text(at)} THEN {self.text(gate.to)}"
            for at, gate in self.card.gates.items()
            if gate
        )
        return f"CASE WHEN {self.name(EXCLUDED)} THEN {self.name(STANDS_AT)}{cases} ELSE {self.name(STANDS_AT)} END"

    def verdict(self, gate: Gate) -> str:
        asked = [self.name(f"c:{self.card.card.criteria[i].name}") for i in gate.requires]
        cases = []
        if asked:
            cases.append(f"WHEN {' OR '.join(f'{one} = FALSE' for one in asked)} THEN 'nurture'")
        if gate.threshold.closed:
            return f"CASE {cases[0]} ELSE 'keep' END" if cases else "'keep'"
        if gate.threshold.points is not None:
            below = f"{self.name(TOTAL)} < {gate.threshold.points}"
            cases.append(f"WHEN {below} AND {self.name(HIGH)} >= {gate.threshold.points} THEN 'ask'")
            cases.append(f"WHEN {below} THEN 'nurture'")
        if asked:
            cases.append(f"WHEN {' OR '.join(f'{one} IS NULL' for one in asked)} THEN 'ask'")
        return f"CASE {' '.join(cases)} ELSE 'promote' END" if cases else "'promote'"

    def grade(self) -> str:
        cases = "".join(
            f" WHEN {self.name(TOTAL)} >= {cut} THEN {self.text(grade)}" for grade, cut in self.card.card.grades
        )
        below = self.text(self.card.card.below)
        return f"CASE{cases} ELSE {below} END" if cases else below

    def probability(self, base_rate: float) -> str:
        """The two-branch sigmoid, as `engine.probability`; shown, and never asked by a decision."""
        odds = f"ln({self.number(base_rate)} / {self.number(1 - base_rate)})"
        doublings = f"({self.name(TOTAL)} - {START_TENTHS}) / {self.number(float(TENTHS_PER_DOUBLING))}"
        log_odds = f"({odds} + {doublings} * ln({self.number(2.0)}))"
        rising, falling = self.dialect.exp(f"-{log_odds}"), self.dialect.exp(log_odds)
        return f"CASE WHEN {log_odds} >= 0 THEN 1 / (1 + {rising}) ELSE {falling} / (1 + {falling}) END"

    # -- spelling ---------------------------------------------------------------------------------------------------

    def literal(self, value: float | str | bool | date) -> str:
        """A literal of the language as SQL."""
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, float):
            return self.number(value)
        return self.text(value) if isinstance(value, str) else f"DATE '{value.isoformat()}'"

    def staircase(self, value: str, edges: Sequence[float], points: Sequence[object]) -> str:
        """The number of the stretch that a number (not NULL) is in: points[i] from edges[i - 1] to before edges[i]."""
        if not edges:
            return str(points[0])
        if len(edges) <= LONGEST_CASE:
            steps = zip(edges, points, strict=False)
            cases = "".join(f" WHEN {value} < {self.number(edge)} THEN {one}" for edge, one in steps)
            return f"CASE{cases} ELSE {points[-1]} END"
        half = len(edges) // 2
        lower = self.staircase(value, edges[:half], points[: half + 1])
        upper = self.staircase(value, edges[half + 1 :], points[half + 1 :])
        return f"CASE WHEN {value} < {self.number(edges[half])} THEN {lower} ELSE {upper} END"

    def squares(self, errors: Sequence[int]) -> list[str]:
        """Standard errors, squared, as doubles."""
        return [self.number(float(one**2)) for one in errors]


def cut(group: Group, value: str) -> str:
    """A value within the limits of a group."""
    if group.maximum is not None:
        value = f"least({value}, {group.maximum})"
    return value if group.minimum is None else f"greatest({value}, {group.minimum})"


def searched(card: Card, where: tree.Node | None) -> tuple[str, ...]:
    """The fields of whose texts a part is asked for, in any condition of a card or in `where`."""
    conditions: list[tree.Part] = [one.derived for one in card.derived_fields if one.derived is not None]
    conditions += [one.when.tree for one in card.rules] + [one.when.tree for one in card.exclude]
    conditions += [one.met.tree for one in card.criteria] + ([] if where is None else [where])
    nodes = (node for one in conditions for node in tree.walk_tree(one))
    return tuple(dict.fromkeys(node.of.name for node in nodes if isinstance(node, tree.Search)))


def bracketed(condition: str) -> str:
    """A condition that can stand as an operand."""
    return f"({condition})"
