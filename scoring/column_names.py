"""Names of columns: which field a column, or a member of a lead, belongs to.

Programs write one name in several ways: `lead_source`, `Lead Source`, `LEADSOURCE`, with a byte order mark or a
non-breaking space that nobody sees. All of these have the same key, and belong to the same field. A name that is
written just as the card, or a CRM, writes it comes first, and needs no key.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from leadledger.scoring.errors import DataError, quote
from leadledger.scoring.field import Field

LONGEST_NAME = 200  # characters; a longer name is compared as it is, since nobody writes it in two ways
KEYS_REMEMBERED = 8_192

# Signs that part words, and programs put one for the other: `_`, and hyphens and dashes. White space does, too.
_PARTING = "_-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\uff3f"
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")  # letters and marks that show nothing
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})  # categories: controls, invisible signs, white space
_UNSEEN_ASCII = {ord(sign): None for sign in map(chr, range(128)) if sign == " " or not sign.isprintable()}
_PARTING_SIGNS = {ord(sign): None for sign in _PARTING}


def name_key(name: str) -> str:
    """What a name has in common with its other spellings; two names of one key mean the same.

    Case, white space, invisible signs, and `_` and hyphens between letters don't count, and the Unicode form is NFC.
    (Those at the ends do: many programs have an `_id` beside an `id`.) A name of nothing else is its own key.
    """
    return _compute_key(name) if len(name) <= LONGEST_NAME else name


@lru_cache(maxsize=KEYS_REMEMBERED)
def _compute_key(name: str) -> str:
    if name.isascii():
        seen = name.lower().translate(_UNSEEN_ASCII)
    else:
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
        seen = "".join(sign for sign in folded if not _is_unseen(sign))
    start, end = len(seen) - len(seen.lstrip(_PARTING)), len(seen.rstrip(_PARTING))
    return seen[:start] + seen[start:end].translate(_PARTING_SIGNS) + seen[max(start, end) :] or name


def _is_unseen(sign: str) -> bool:
    return sign in _BLANK or "\ufe00" <= sign <= "\ufe0f" or unicodedata.category(sign) in _UNSEEN


@dataclass(frozen=True)
class MatchedNames:
    """The columns of fields among some names.

    `fields` has the field of each column that belongs to one, in the order of the names. `alike` are pairs of columns
    of one field whose names are two spellings of one: which of the two is meant can't be told.
    """

    fields: Mapping[str, str]
    alike: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class ColumnNames:
    """The names by which the fields of a card are found.

    `exact`: the field of each name as it is written. `written` and `standard`: the field of each key of a name that the
    card writes, and of one that CRMs use; empty where it might be several fields.
    """

    exact: Mapping[str, str]
    written: Mapping[str, str]
    standard: Mapping[str, str]

    @classmethod
    def of(cls, fields: Iterable[Field], others: Iterable[str] = ()) -> ColumnNames:
        """The names of some plain fields; `others` are names that the card uses for something else."""
        exact: dict[str, str] = {}
        written: dict[str, str] = {}
        standard: dict[str, str] = {}
        for field in fields:
            for column in field.columns:
                exact[column] = field.name
            for column in field.written_columns:
                _add_key(written, column, field.name)
            for _, column in (*field.standard, *field.labels):
                _add_key(standard, column, field.name)
        for name in others:
            if name not in exact:
                _add_key(written, name, "")
        return cls(exact, written, standard)

    def may_match(self, names: Iterable[Any]) -> bool:
        """Whether any of these names, which are none of `exact`, may belong to a field by its key."""
        written, standard = self.written, self.standard
        for name in names:
            if isinstance(name, str):
                key = name_key(name)
                if key in written or key in standard:
                    return True
        return False

    def match(self, names: Iterable[Any]) -> MatchedNames:
        """The columns of fields among some names.

        A column has its field by its very name, else by the key of a name that the card writes; by that of a standard
        name of CRMs only where the field has no other column, since `id` and `title` mean other things elsewhere.
        """
        columns = list(dict.fromkeys(names))
        homes = {name: self.exact[name] for name in columns if name in self.exact}
        spelt = {name: name_key(name) for name in columns if name not in homes and isinstance(name, str)}
        by_card = {name: self.written[key] for name, key in spelt.items() if self.written.get(key)}
        fields_found = {*homes.values(), *by_card.values()}
        keys_found = {(field, name_key(name)) for name, field in (homes | by_card).items()}
        by_standard = {
            name: field
            for name, key in spelt.items()
            if key not in self.written and (field := self.standard.get(key))
            if field not in fields_found or (field, key) in keys_found
        }
        matched = homes | by_card | by_standard
        return MatchedNames(
            {name: matched[name] for name in columns if name in matched},
            _find_alike(homes, by_card | by_standard),
        )


def _add_key(keys: dict[str, str], column: str, field: str) -> None:
    """Note the field of a name's key; empty where it is that of another field, too."""
    if keys.setdefault(name_key(column), field) != field:
        keys[name_key(column)] = ""


def _find_alike(exact: Mapping[str, str], keyed: Mapping[str, str]) -> list[tuple[str, str]]:
    """The pairs of columns of one field that have one key. Two that are both written exactly so are none."""
    first: dict[tuple[str, str], str] = {}
    for column, field in exact.items() if keyed else ():
        first.setdefault((field, name_key(column)), column)
    alike = []
    for column, field in keyed.items():
        same = first.setdefault((field, name_key(column)), column)
        if same != column:
            alike.append((same, column))
    return alike


def refuse_alike(matched: MatchedNames, label: str) -> None:
    """Raises DataError, which calls the list `label`, where two columns are one."""
    for first, second in matched.alike:
        raise DataError(
            f"{label}: the columns {quote(first)} and {quote(second)} are two spellings of one name, that of the field"
            f" '{matched.fields[second]}'; drop one, or rename it"
        )
