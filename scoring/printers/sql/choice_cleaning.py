"""The SQL of a column of choices: from a text, a JSON list or a list to the text that is kept, as `choice_forms.py`.

Three columns on the way: `raw:…` the text without white space at its ends, `open:…` the choices as a text, whatever
they came as, and `key:…` each choice in lower case between two separators: `;;crm;;erp;;`. There, a choice is taken
away by one `replace`, so that what the card doesn't list is what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from leadledger.scoring.choice_forms import ITEM_END, mark_choice
from leadledger.scoring.field import OTHER_VALUE, Field
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, join, spell, write
from leadledger.scoring.text_forms import WHITE_SPACE, all_letters, key_of, letters_of


@dataclass(frozen=True)
class ChoiceColumn:
    """One raw column that holds choices.

    `holds` is the family of its type, `raw` its values, `whole` the texts of the whole numbers where they are numbers,
    `absent` the keys that mean "not known", and `absent_alone` those that do so where there is no other choice.
    """

    field: Field
    column: str
    holds: str
    raw: Expression
    whole: Expression | None
    absent: Sequence[str]
    absent_alone: Sequence[str]
    dialect: Dialect
    read: Callable[[str], Expression]

    def trimmed(self) -> Iterator[StepColumn]:
        """The text without white space at its ends, where it is one."""
        if self.holds == "text":
            yield StepColumn(f"raw:{self.column}", spell(self.dialect.trim, self.raw))

    def opened(self) -> StepColumn:
        """The choices as a text with separators."""
        return StepColumn(f"open:{self.column}", self._open())

    def _open(self) -> Expression:
        """The choices as a text with separators; NULL where there are none that can be read."""
        if self.whole is not None:
            return self.whole
        if self.holds == "list":
            return self._join_items(spell(self.dialect.list_items, self.raw))
        if self.holds != "text":
            return Expression(f"CAST(NULL AS {self.dialect.types['VARCHAR']})")
        text = self.read(f"raw:{self.column}")
        starts, ends = (
            spell(self.dialect.search, way, text, self.dialect.text(sign))
            for way, sign in (("starts_with", "["), ("ends_with", "]"))
        )
        items = self._join_items(spell(self.dialect.json_items, text))
        return write("CASE WHEN {} AND {} THEN {} ELSE {} END", starts, ends, items, text)

    def _join_items(self, items: Expression) -> Expression:
        """The items of a list with separators between them; NULL where one of them holds a separator itself."""
        separator, end = self.dialect.text(self.field.separator), self.dialect.text(ITEM_END)
        holds = spell(self.dialect.search, "contains", items, separator)
        return write("CASE WHEN NOT ({}) THEN replace({}, {}, {}) END", holds, items, end, separator)

    def keyed(self) -> StepColumn:
        """The choices in lower case, `;;crm;;erp;;`, without those that mean "not known"."""
        separator = self.field.separator
        sign = self.dialect.text(separator)
        known = frozenset(map(key_of, self.field.values))
        letters = letters_of(known.union(self.absent, self.absent_alone)) if known else all_letters()
        whole = write("{} || {} || {}", sign, spell(self.dialect.fold, self.read(f"open:{self.column}"), letters), sign)
        gap = f"[{WHITE_SPACE}]*[{separator}][{WHITE_SPACE}{separator}]*"
        keys = spell(self.dialect.replace_pattern, whole, gap, separator * 2)
        keys = self._without(keys, [text for text in self.absent if text and separator not in text])
        alone = [mark_choice(text, separator) for text in self.absent_alone if text and separator not in text]
        if alone:
            marks = ", ".join(self.dialect.text(f"{separator}{mark}{separator}") for mark in alone)
            keys = write(
                "CASE WHEN {} IN ({}) THEN {} ELSE {} END", keys, marks, self.dialect.text(separator * 2), keys
            )
        return StepColumn(f"key:{self.column}", keys)

    def _without(self, keys: Expression, choices: Iterable[str]) -> Expression:
        """Keyed choices without some of them."""
        for choice in choices:
            keys = write(
                "replace({}, {}, '')", keys, self.dialect.text(mark_choice(key_of(choice), self.field.separator))
            )
        return keys

    def value(self, values: Sequence[str]) -> Expression:
        """The choices as they are kept; NULL where there are none, and where one is neither among `values`, which the
        card lists, nor let pass.
        """
        text, separator = self.dialect.text, self.field.separator
        keys, none = self.read(f"key:{self.column}"), text(separator * 2)
        if not self.field.values:
            sorted_keys = spell(self.dialect.sort_parts, keys, separator)
            return write("CASE WHEN {} <> {} THEN {} || {} END", keys, none, sorted_keys, text(separator))
        chosen = [
            write(
                "CASE WHEN {} THEN {} ELSE '' END",
                spell(self.dialect.search, "contains", keys, text(mark_choice(key_of(value), separator))),
                text(value + separator),
            )
            for value in values
        ]
        unlisted = write("{} <> {}", self._without(keys, values), none)
        if self.field.other == "yes":
            chosen.append(write("CASE WHEN {} THEN {} ELSE '' END", unlisted, text(OTHER_VALUE + separator)))
        kept = write("nullif({}, {})", join(" || ", [Expression(text(separator)), *chosen]), text(separator))
        return kept if self.field.other else write("CASE WHEN NOT ({}) THEN {} END", unlisted, kept)

    def unreadable(self, typed: Expression) -> Expression:
        """Whether there are choices that can't be read, or that the card neither lists nor lets pass."""
        keys = self.read(f"key:{self.column}")
        there = write("{} IS NOT NULL", self.raw)
        if self.holds in ("float", "real"):
            there = write("{} AND NOT {}", there, spell(self.dialect.is_nan, self.raw))
        unread = write("{} AND {} IS NULL", there, keys)
        if self.field.other or not self.field.values:
            return unread
        none = self.dialect.text(self.field.separator * 2)
        return write("{} AND {} IS NULL AND coalesce({} <> {}, TRUE)", there, typed, keys, none)
