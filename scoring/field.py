"""Fields: the typed inputs of a card."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from leadledger.scoring.axis import AxisOrNone
from leadledger.scoring.event_value import EventValue
from leadledger.scoring.number_forms import NumberFormat
from leadledger.scoring.text_forms import NOTHING_WORDS, key_of
from leadledger.scoring.tree import Days, Kind, Node, Typed, find_fields

OTHER_VALUE = "(other)"  # the typed value of a text that the card doesn't list, where it says `other: yes`


@dataclass(frozen=True)
class Field:
    """A typed input of a card.

    `sources` are the names under which its value may come, with the system that uses each; its own name always counts.
    `standard` are further names that the card need not write, since every CRM of a kind uses them (`crm_names.py`);
    `in_bodies` are those that count only in a body of their CRM, `labels` those of the columns that CRMs export.
    `values` lists every text that it may have. `missing` holds typed values that mean "not known". `derived` is set for
    a field that is computed from others. `known_when_scored` is the author's word that its value doesn't come from what
    became of the lead: training takes it, whatever the leakage gate finds. `number_format` says how the texts of a
    number are written, so that `25.000` is one number, and `day_format` those of a date. `time_zone` is the one whose
    days a date counts, the card's. `other` says what becomes of a value that `values` doesn't list:
    it is refused (empty), `missing`, or kept as OTHER_VALUE (`yes`). `separator` stands between the choices of a field
    that has several. `choice_of` is set for the flag of one choice: the field that has it (`choice_flags.py`). `exact`
    is set for a text that is compared sign by sign. `protected` is set for a field that the card protects, or that is
    computed from one: training never learns from it. `parent` is the field whose values hold those of this one, such as
    the country of a city; empty: there is none. `event_value` is set for a field that is counted from the lead's
    events; it comes neither from a column nor from other fields. `axis` is the one that its learned points belong to;
    empty: the card has no axes. A scorecard adds what it knows: the `spellings` of
    texts that it has a word for (`spellings.py`), and the `nothing_words` that it doesn't use as a value of the field.
    """

    name: str
    kind: Kind
    values: tuple[str, ...] = ()
    unit: str = ""
    better: Literal["higher", "lower", ""] = ""
    sources: tuple[tuple[str, str], ...] = ()
    ask: str = ""
    learn: bool = True
    known_when_scored: bool = False
    label: str = ""
    missing: tuple[float | str | date, ...] = ()
    day_format: str = ""
    time_zone: str = "UTC"
    derived: Node | Days | None = None
    derived_text: str = ""
    standard: tuple[tuple[str, str], ...] = ()
    in_bodies: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    number_format: NumberFormat | None = None
    other: Literal["missing", "yes", ""] = ""
    separator: str = ";"
    choice_of: str = ""
    exact: bool = False
    protected: bool = False
    event_value: EventValue | None = None
    parent: str = ""
    axis: AxisOrNone = ""
    spellings: tuple[str, ...] = field(default=(), compare=False, repr=False)
    nothing_words: frozenset[str] = field(default=NOTHING_WORDS, compare=False, repr=False)

    @property
    def is_plain(self) -> bool:
        """Whether its value comes from a column: it is neither computed from other fields nor counted from events."""
        return self.derived is None and self.event_value is None

    @property
    def columns(self) -> tuple[str, ...]:
        """The names under which its raw value may come, the field's own first."""
        return tuple(dict.fromkeys((*self.written_columns, *(column for _, column in self.standard))))

    @property
    def written_columns(self) -> tuple[str, ...]:
        """The names that the card itself gives it, the field's own first: those to tell its author of."""
        return tuple(dict.fromkeys((self.name, *(column for _, column in self.sources))))

    @property
    def title(self) -> str:
        """The name to show to people."""
        return self.label or self.name.replace("_", " ")

    @property
    def missing_texts(self) -> frozenset[str]:
        """The keys of its own texts that mean "not known", whether or not `values` lists them."""
        return frozenset(key_of(text) for text in self.missing if isinstance(text, str))

    @property
    def usual_absent_keys(self) -> frozenset[str]:
        """The keys of the usual words for nothing that mean "not known" here too."""
        return frozenset() if self.exact else frozenset(self.nothing_words).difference(map(key_of, self.known_texts))

    @property
    def known_texts(self) -> tuple[str, ...]:
        """The texts that have a spelling: those that the card lists, else those that it or a table asks for."""
        return () if self.exact else self.values or self.spellings

    def find_absent_keys(self, missing: frozenset[str]) -> frozenset[str]:
        """The keys of all texts that mean "not known"; `missing` are those of the whole card."""
        return missing | self.missing_texts | self.usual_absent_keys

    def find_spellings(self, absent_keys: Iterable[str]) -> dict[str, str]:
        """The spelling of each key that has one, the first of two; those that mean "not known" are left out."""
        spellings: dict[str, str] = {}
        for text in self.known_texts:
            spellings.setdefault(key_of(text), text)
        return {key: text for key, text in spellings.items() if key not in absent_keys}

    def are_same(self, first: Typed, second: Typed) -> bool:
        """Whether two typed values of it, neither of them missing, count as one."""
        if self.kind == "text" and not self.exact and isinstance(first, str) and isinstance(second, str):
            return first == second or key_of(first) == key_of(second)
        return first == second

    @property
    def computed_from(self) -> tuple[str, ...]:
        """The fields that a derived field is computed from; none for a plain one."""
        return tuple(dict.fromkeys(find_fields(self.derived))) if self.derived is not None else ()

    def explain_unlisted(self) -> str:
        """The reason for a text that the card doesn't list."""
        listed = ", ".join(self.values[:8]) + (", …" if len(self.values) > 8 else "")
        return f"is not one of: {listed}"
