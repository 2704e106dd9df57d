"""From a record, plain or of a CRM, to the typed values of a lead, or to mistakes with paths into the body."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from leadledger.api.crm.any_record import AnyRecord
from leadledger.api.crm.base import DEEPEST_RELATED, Crm, Member
from leadledger.api.crm.reply import Reply, make_reply
from leadledger.api.crm.systems import CRMS, SOURCES
from leadledger.api.requests.body import LONGEST_NAME, MOST_NAMES, check_name, clean_lead
from leadledger.api.requests.mistakes import Mistakes, Path
from leadledger.scoring.cleaning import Lead
from leadledger.scoring.column_names import name_key
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.errors import UnreadableValue, quote
from leadledger.scoring.scorecard import Card
from leadledger.scoring.text_forms import WHITE_SPACE, fold


class RecordReader:
    """Reads records for one card, and knows how its results go back."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._names: dict[str, _NamesInCrm] = {}
        self._replies: dict[str, Reply] = {}

    def reply_for(self, system: str) -> Reply:
        """How results go back into one CRM."""
        if system not in self._replies:
            self._replies[system] = make_reply(self.engine.card.card, system)
        return self._replies[system]

    def find_record_id(self, source: str, reply: str, record: Any, lead: Lead, path: Path, mistakes: Mistakes) -> str:
        """The id under which a record is written back; empty where it has none, which is noted."""
        record_id = read_record_id(CRMS[reply], record) if source == reply else None
        if record_id is None:
            ids = (lead.values[field.name] for field in self.engine.card.card.plain_fields if field.kind == "id")
            record_id = next((str(value) for value in ids if value is not None), "")
        if not record_id:
            mistakes.add(path, f"has no id, so {reply} could not tell which record to write to")
        return record_id

    def clean(self, source: str, record: Any, path: Path, mistakes: Mistakes) -> Lead | None:
        """The typed values of a record; None where it has mistakes, which are noted. `source` empty: a plain lead."""
        if not source or not isinstance(record, dict):
            return clean_lead(self.engine, record, path, mistakes)
        if source not in self._names:
            self._names[source] = _NamesInCrm.of(source, self.engine.card.card)
        names = self._names[source]
        before = mistakes.count
        collected = _collect(SOURCES[source], names, record, path, mistakes)
        if mistakes.count > before:
            return None
        collected.settle(names)
        lead = clean_lead(self.engine, collected.values, path, mistakes, collected.paths)
        return None if lead is None else Lead(lead.values, (*lead.ignored, *collected.list_unused()))


def find_evidence(card: Card) -> frozenset[str]:
    """The fields whose names show that a record is a lead of this card: all but ids and days, which any record has, and
    what is remembered of a lead.

    Where the card has ids and days alone, its days count; nothing does where it has only ids.
    """
    fields = [field for field in card.plain_fields if field.name not in card.memory_fields]
    telling = frozenset(field.name for field in fields if field.kind not in ("id", "date"))
    return telling or frozenset(field.name for field in fields if field.kind == "date")


def read_record_id(crm: Crm, record: Any) -> str | None:
    """The id of a record of a CRM, as a text; None where it has none."""
    record_id = crm.find_record_id(record) if isinstance(record, dict) else None
    if isinstance(record_id, bool) or not isinstance(record_id, str | int):
        return None
    return str(record_id) or None


@dataclasses.dataclass(frozen=True, slots=True)
class _NamesInCrm:
    """The names that count in the records of one CRM.

    `kinds`: the kind of the field that each name is of, `homes`: that field, `spellings`: the name of each key.
    `renamed`: names that count in this CRM only, with the field's own. `rivals`: for each field, its names in this CRM,
    and all others. `evidence`: the fields of which one must be named, since an id and a day are in records of all
    kinds; none where the card has no others.
    """

    kinds: Mapping[str, str]
    homes: Mapping[str, str]
    spellings: Mapping[str, str]
    renamed: Mapping[str, str]
    rivals: Sequence[tuple[Sequence[str], Sequence[str]]]
    evidence: frozenset[str]

    @classmethod
    def of(cls, source: str, card: Card) -> _NamesInCrm:
        fields = card.plain_fields
        kinds: dict[str, str] = {column: field.kind for field in fields for column in field.columns}
        homes: dict[str, str] = {column: field.name for field in fields for column in field.columns}
        renamed: dict[str, str] = {}
        rivals = []
        for field in fields:
            here = {name: field.name for system, name in field.in_bodies if system == source}
            if source == AnyRecord.name and field.kind == "id":
                here |= {name: field.name for _, name in field.in_bodies if name == "id"}
            own = (*here, *(name for system, name in field.sources + field.standard if fold(system) == source))
            others = tuple(name for name in field.columns if name not in own)
            kinds |= dict.fromkeys(here, field.kind)
            homes |= dict.fromkeys(here, field.name)
            renamed |= here
            if own and others:
                rivals.append((own, others))
        ours = {name_key(name): name for own, _ in rivals for name in own}
        labels = {name_key(label): field.name for field in fields for _, label in field.labels}
        spellings = labels | {name_key(name): name for name in reversed(homes)} | ours
        return cls(kinds, homes, spellings, renamed, tuple(rivals), find_evidence(card))


@dataclasses.dataclass(slots=True)
class _Collected:
    """The members of a record that fields use: value and path by name; and the names of the others.

    `related` is, of each name that belongs to a related record (`Owner.Name`), that of the record (`Owner`).
    """

    values: dict[str, Any] = dataclasses.field(default_factory=dict)
    paths: dict[str, Path] = dataclasses.field(default_factory=dict)
    ignored: dict[str, None] = dataclasses.field(default_factory=dict)  # in the order in which they came
    related: dict[str, str] = dataclasses.field(default_factory=dict)

    def settle(self, names: _NamesInCrm) -> None:
        """Keep one name for each field, and call it by the field's own where others don't know it."""
        for own, others in names.rivals:
            # In Salesforce's body, Salesforce's names count; a field of the same name as ours there may be anything.
            if any(not _is_missing(self.values.get(name)) for name in own):
                for name in others:
                    if name in self.values:
                        del self.values[name]
                        self.ignored[name] = None
        for name, own_name in names.renamed.items():
            if name in self.values:
                value = self.values.pop(name)
                if own_name not in self.values:
                    self.values[own_name] = value
                    self.paths[own_name] = self.paths[name]

    def list_unused(self) -> list[str]:
        """The names that no field uses; `Owner.id` is left out where `Owner` is used."""
        return [name for name in self.ignored if self.related.get(name, "") not in self.paths]


def _collect(crm: Crm, names: _NamesInCrm, record: dict[str, Any], path: Path, mistakes: Mistakes) -> _Collected:
    """The members of a record, read for the fields that use them; mistakes are noted."""
    collected, before = _Collected(), mistakes.count
    values, paths, ignored = collected.values, collected.paths, collected.ignored
    spelt_otherwise: list[Member] = []
    for number, member in enumerate(crm.read_members(record, path, mistakes)):
        if number >= MOST_NAMES:
            mistakes.add(path, f"has more than {MOST_NAMES:,} names; send those that the card uses")
            return collected
        name = member.name
        if member.related:
            collected.related[name] = member.related
        kind = names.kinds.get(name)
        if kind is None:
            check_name(name, member.path, mistakes)
            if len(name) > LONGEST_NAME:
                continue
            if not _is_opened(member):
                ignored[name] = None
            if name_key(name) in names.spellings:
                spelt_otherwise.append(member)
            continue
        if name in paths:  # "Owner.Name" may also be written out, beside Owner
            mistakes.add(member.path, "is given more than once; send it once")
        paths[name] = member.path
        try:
            values[name] = crm.read_value(member, kind)
        except UnreadableValue as reason:
            values[name] = None
            mistakes.add(member.path, str(reason), member.value)
    if spelt_otherwise:
        _collect_spelt_otherwise(crm, names, spelt_otherwise, collected, mistakes)
    if mistakes.count == before and names.evidence and not names.evidence & {names.homes[name] for name in paths}:
        besides = " but ids and days" if paths else ""
        whose = (
            "is it the record itself, with its fields?"
            if crm.name == AnyRecord.name
            else (f"is it a record of {crm.name}, with its fields? ?from=record reads any record")
        )
        mistakes.add(path, f"has no name that the card uses{besides}; {whose}")
    return collected


def _collect_spelt_otherwise(
    crm: Crm, names: _NamesInCrm, members: Sequence[Member], collected: _Collected, mistakes: Mistakes
) -> None:
    """Take the members whose names are those of fields in another spelling, of fields that have no other member."""
    present = {names.homes[name] for name in collected.paths}
    taken = {name_key(name): name for name in collected.paths}
    for member in members:
        key = name_key(member.name)
        name = names.spellings[key]
        if key in taken:
            again = f"is the same name as {quote(taken[key])}, spelt otherwise; send one of the two"
            mistakes.add(member.path, again)
            continue
        if names.homes[name] in present:
            continue
        taken[key] = member.name
        present.add(names.homes[name])
        collected.ignored.pop(member.name, None)
        collected.paths[name] = member.path
        try:
            collected.values[name] = crm.read_value(member, names.kinds[name])
        except UnreadableValue as reason:
            collected.values[name] = None
            mistakes.add(member.path, str(reason), member.value)


def _is_opened(member: Member) -> bool:
    """Whether the members of a related record come each by itself."""
    return isinstance(member.value, dict) and member.depth < DEEPEST_RELATED


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip(WHITE_SPACE))
