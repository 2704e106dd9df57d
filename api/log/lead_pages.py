"""Pages of lists of leads, each read with one SELECT.

A page is quick however many leads are known. Each order has an index that begins with the recommendation: a list reads
one short run of it for each recommendation that is wanted, and merges them. Where a condition is known to leave few
leads, these are read and sorted instead. PostgreSQL counts values and chooses by itself; SQLite doesn't, and is told by
a plus before the columns whose index it must not use: https://www.sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from leadledger.api.log.book_rows import BookRow
from leadledger.api.log.lead_lists import UNKNOWN_PROBABILITY, LeadList, LeadOrder, LeadPage, LeadPosition
from leadledger.api.log.lead_titles import fold_title
from leadledger.scoring.lead_ids import find_id_key
from leadledger.scoring.outputs import VERDICTS

MOST_SORTED_LEADS = 20_000  # read and sorted in some 20 ms; more are read in the order of an index
LEADS_SAMPLED, RARE_IN_SAMPLE = 1000, 10
LAST_CHARACTER = "\U0010ffff"
_COLUMN_OF: Mapping[LeadOrder, str] = {
    **{"points": "tenths", "probability": "probability", "change": "change", "since": "since", "id": "key"}
}
_VALUES_END = '}, "ignored": ['  # in `input`, as `encode_input` writes it; within a text, the quote would be escaped
_COLUMNS = ", ".join(f"book.{name}" for name in BookRow._fields)


class _Condition(NamedTuple):
    """A condition on a column, which stands in `sql` as `{}`. `is_selective`: an index finds the leads that meet it."""

    column: str
    sql: str
    is_selective: bool = False


def read_page(connection: Connection, wanted: LeadList) -> LeadPage:
    """Read a page of a list."""
    found = _PageQuery(connection, wanted).run()
    rows = [BookRow._make(row[1:]) for row in found[: wanted.limit]]
    if len(found) <= wanted.limit:
        return LeadPage(rows, None)
    return LeadPage(rows, LeadPosition(found[wanted.limit - 1][0], rows[-1].key))


class _PageQuery:
    """The SELECT of a page, as text with named values, in the words of a database."""

    def __init__(self, connection: Connection, wanted: LeadList) -> None:
        self.connection = connection
        self.wanted = wanted
        self.is_sqlite = connection.dialect.name == "sqlite"
        self.direction = "DESC" if wanted.descending else "ASC"
        self.values: dict[str, Any] = {}
        self.limit = wanted.limit + 1

    def run(self) -> Sequence[Any]:
        """The rows of the page and the one after it, each behind the value that orders it."""
        runs = " UNION ALL ".join(f"SELECT * FROM ({run}) AS run" for run in self._list_runs())
        if not runs:
            return ()
        order = f"ORDER BY page.value {self.direction}, page.key {self.direction}"
        page = f"SELECT page.value, page.key FROM ({runs}) AS page {order} LIMIT {self.limit}"
        statement = f"SELECT page.value, {_COLUMNS} FROM ({page}) AS page JOIN book ON book.key = page.key {order}"
        return self.connection.execute(text(statement), self.values).all()

    def _list_runs(self) -> Iterator[str]:
        """The SELECTs of keys, each with the value that orders, whose merged rows begin with the page."""
        conditions, verdicts = self._list_conditions(), self.wanted.filters.recommendations
        is_by_id = self.wanted.order == "id"
        of_all = self._make_choice("recommendation", verdicts, is_selective=is_by_id)
        if self.wanted.filters.new_since and self._count_new(verdicts) <= MOST_SORTED_LEADS:
            of_some = self._make_choice("recommendation", verdicts or VERDICTS)
            yield from self._list_parts([*conditions, *of_some], {"recommendation", "since"})
            return
        few = self._find_few([*conditions, *of_all])
        if few or (is_by_id and not self._is_rare(conditions)):  # ids are in one order, whatever is recommended
            yield from self._list_parts([*conditions, *of_all], {few or "key"})
            return
        if self._is_rare(conditions):
            yield from self._list_parts([*conditions, *of_all], set())
            return
        used = {"recommendation", _COLUMN_OF[self.wanted.order]}
        if self.wanted.order == "points":  # of these, an index has the points in their order
            used |= {"owner"} if self.wanted.filters.owner is not None else set()
            used |= {"grade"} if len(used) == 2 and len(self.wanted.filters.grades) == 1 else set()
        for verdict in verdicts or VERDICTS:
            yield from self._list_parts([*conditions, *self._make_choice("recommendation", (verdict,))], used)

    def _list_parts(self, conditions: Sequence[_Condition], used: set[str]) -> Iterator[str]:
        """The SELECT of what some conditions leave after the place where the page begins.

        `used` are the columns by whose index it may be found; with none, the whole book is read. In the order of
        probabilities there is another SELECT for those without one, which are the last of it or the first.
        """
        after, column = self.wanted.after, _COLUMN_OF[self.wanted.order]
        sign = "<" if self.wanted.descending else ">"
        key = "" if after is None else self._name(after.key)
        is_after_unknown = after is not None and after.value == UNKNOWN_PROBABILITY
        if self.wanted.order == "id":
            after_key = [_Condition("key", f"{{}} {sign} {key}")] if key else []
            yield self._select("key", "key", [*conditions, *after_key], used)
            return
        if not (self.wanted.order == "probability" and is_after_unknown and self.wanted.descending):
            known = [_Condition(column, "{} IS NOT NULL")] if self.wanted.order == "probability" else []
            if after is not None and not (known and is_after_unknown):
                known = [_Condition(column, f"({{}}, key) {sign} ({self._name(after.value)}, {key})")]
            yield self._select(column, column, [*conditions, *known], used)
        if self.wanted.order == "probability" and (after is None or is_after_unknown or self.wanted.descending):
            unknown = [_Condition(column, "{} IS NULL")]
            if is_after_unknown:
                unknown.append(_Condition("key", f"{{}} {sign} {key}"))
            yield self._select(str(UNKNOWN_PROBABILITY), "", [*conditions, *unknown], used)

    def _select(self, value: str, column: str, conditions: Sequence[_Condition], used: set[str]) -> str:
        """A SELECT of keys in the order of a column (empty: of the keys alone)."""
        where = " AND ".join(
            condition.sql.format(condition.column if condition.column in used else self._hide(condition.column))
            for condition in conditions
        )
        if not used:
            # Row after row as they are stored, which takes a tenth of the time that it takes in the order of an index.
            read = f"SELECT {value} AS value, key FROM book WHERE {where}{'' if self.is_sqlite else ' OFFSET 0'}"
            order = ", ".join(f"{self._hide(name)} {self.direction}" for name in ("value", "key"))
            return f"SELECT value, key FROM ({read}) AS read ORDER BY {order} LIMIT {self.limit}"
        orders = [f"{name} {self.direction}" for name in dict.fromkeys((column, "key")) if name]
        return (
            f"SELECT {value} AS value, key FROM book WHERE {where or '1 = 1'}"
            f" ORDER BY {', '.join(orders)} LIMIT {self.limit}"
        )

    def _hide(self, column: str) -> str:
        return f"+{column}" if self.is_sqlite else column

    def _list_conditions(self) -> list[_Condition]:
        """All that the filters say, but for the recommendations."""
        filters = self.wanted.filters
        choices = {"grade": filters.grades, "stage": filters.stages, "to_stage": filters.to_stages}
        conditions = [item for column, wanted in choices.items() for item in self._make_choice(column, wanted)]
        if filters.owner is not None:
            # Its index has the points in their order.
            is_selective = self.wanted.order != "points"
            conditions.append(_Condition("owner", f"{{}} = {self._name(filters.owner)}", is_selective))
        if filters.id_start:
            start = find_id_key(filters.id_start)
            bounds = f"{{0}} >= {self._name(start)} AND {{0}} < {self._name(start + LAST_CHARACTER)}"
            conditions.append(_Condition("key", bounds, True))
        if filters.search:
            conditions.append(self._make_search_condition(filters.search))
        if filters.keys is not None:
            conditions.append(self._make_key_condition(filters.keys))
        if filters.new_since:
            conditions.append(_Condition("since", f"{{}} >= {self._name(filters.new_since)}"))
        if filters.waits is not None:
            waits = "({0} IS NULL OR {0} < since)" if filters.waits else "({0} IS NOT NULL AND {0} >= since)"
            conditions.append(_Condition("answered_on", waits))
        if filters.rejected is not None:
            rejected = "{0} IS NOT NULL AND {0} >= since" if filters.rejected else "({0} IS NULL OR {0} < since)"
            conditions.append(_Condition("rejected_on", rejected, filters.rejected))
        if filters.back_by:
            first, last = self._name(filters.today), self._name(filters.back_by)
            conditions.append(_Condition("snoozed_until", f"{{0}} >= {first} AND {{0}} <= {last}", True))
        if filters.snoozed:
            conditions.append(_Condition("snoozed_until", f"{{}} > {self._name(filters.today)}", True))
        elif filters.snoozed is False:
            awake = f"({{0}} IS NULL OR {{0}} <= {self._name(filters.today)})"
            conditions.append(_Condition("snoozed_until", awake))
        conditions += [self._make_field_condition(name, value) for name, value in filters.fields]
        return conditions

    def _make_choice(self, column: str, wanted: Sequence[str], *, is_selective: bool = False) -> list[_Condition]:
        """That a column is one of some texts; nothing where any will do."""
        names = [self._name(value) for value in wanted]
        if len(names) < 2:
            return [_Condition(column, f"{{}} = {name}", is_selective) for name in names]
        return [_Condition(column, f"{{}} IN ({', '.join(names)})", is_selective)]

    def _make_search_condition(self, search: str) -> _Condition:
        """That the id, or some words of the title, begin so.

        The index of the titles is read from end to end, which takes a tenth of a second for a million leads. Where it
        has few such leads, their keys are the condition.
        """
        start, words = find_id_key(search), fold_title(search)
        is_wanted = f"(key >= {self._name(start)} AND key < {self._name(start + LAST_CHARACTER)})"
        if words:
            is_wanted = f"({is_wanted} OR {'instr' if self.is_sqlite else 'strpos'}(title, {self._name(words)}) > 0)"
        few = text(f"SELECT key FROM book WHERE {is_wanted} LIMIT {MOST_SORTED_LEADS + 1}")
        keys = self.connection.execute(few, self.values).scalars().all()
        return self._make_key_condition(keys) if len(keys) <= MOST_SORTED_LEADS else _Condition("title", is_wanted)

    def _make_key_condition(self, keys: Sequence[str]) -> _Condition:
        """That the lead is one of some."""
        if not keys:
            return _Condition("key", "{} IS NULL", True)
        if self.is_sqlite:
            name = self._name(json.dumps(list(keys), ensure_ascii=False))
            return _Condition("key", f"{{}} IN (SELECT value FROM json_each({name}))", True)
        return _Condition("key", f"{{}} = ANY({self._name(list(keys))})", True)

    def _count_new(self, verdicts: Sequence[str]) -> int:
        """How many leads have had their recommendation since the first day that is wanted, up to one too many."""
        (of_some,) = self._make_choice("recommendation", verdicts or VERDICTS)
        new = f"{of_some.sql.format('recommendation')} AND since >= {self._name(self.wanted.filters.new_since)}"
        count = f"SELECT count(*) FROM (SELECT 1 FROM book WHERE {new} LIMIT {MOST_SORTED_LEADS + 1}) AS counted"
        return int(self.connection.execute(text(count), self.values).scalar_one())

    def _make_field_condition(self, name: str, value: str | None) -> _Condition:
        """That a field of the lead has a value, or none.

        It is looked for as `encode_input` writes it, so that no text of a lead can break the reading of any other:
        PostgreSQL refuses some of the JSON that leads may bring.
        """
        find = "instr" if self.is_sqlite else "strpos"
        end, member = f"{find}({{0}}, {self._name(_VALUES_END)})", f'"{name}": '
        if value is None:
            place = f"{find}({{0}}, {self._name(member)})"
            return _Condition("input", f"({place} = 0 OR {place} > {end})")
        places = [f"{find}({{0}}, {self._name(member + value + sign)})" for sign in (",", "}")]
        return _Condition("input", f"({' OR '.join(f'({place} > 0 AND {place} < {end})' for place in places)})")

    def _find_few(self, conditions: Sequence[_Condition]) -> str:
        """The column of a condition that leaves few leads, as an index counts them; empty: none does."""
        for condition in conditions:
            if condition.is_selective:
                leads = f"SELECT 1 FROM book WHERE {condition.sql.format(condition.column)}"
                count = f"SELECT count(*) FROM ({leads} LIMIT {MOST_SORTED_LEADS + 1}) AS counted"
                if self.connection.execute(text(count), self.values).scalar_one() <= MOST_SORTED_LEADS:
                    return condition.column
        return ""

    def _is_rare(self, conditions: Sequence[_Condition]) -> bool:
        """Whether the leads may be so far apart that no order finds a page soon: those with a value of a field, and
        those at a stage, or on the way to one, at which hardly any lead of a sample stands.
        """
        if any(condition.column == "input" for condition in conditions):
            return True
        # Two indexes have the stage ahead of each lead beside its place in their order, and are read to the end soon.
        columns = {"stage"} if self.wanted.order in ("points", "since") else {"stage", "to_stage"}
        of_stages = [item.sql.format(item.column) for item in conditions if item.column in columns]
        if not of_stages:
            return False
        sample = f"(SELECT stage, to_stage FROM book LIMIT {LEADS_SAMPLED}) AS sample"
        count = text(f"SELECT count(*) FROM {sample} WHERE {' AND '.join(of_stages)}")
        return bool(self.connection.execute(count, self.values).scalar_one() < RARE_IN_SAMPLE)

    def _name(self, value: Any) -> str:
        """The name of a value in the text."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"
