"""Bodies as CRMs send them: a value tree in, plain flat leads out, and mistakes with paths into the body as it came.

Which CRM a body comes from, `?from=` says; without it, marks that no plain body can have (a plain one has `lead` or
`leads`, and nothing else but `as_of`). `api.crm.shapes` knows how each CRM writes; here a record becomes a flat lead,
under the names of the card, and everything else is `leadledger.api.requests.body`, as for a plain lead.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from leadledger.api.crm.reply import Reply, reply
from leadledger.api.crm.shapes import DEEPEST, SHAPES, record_id, source_of
from leadledger.api.requests import body
from leadledger.api.requests.mistakes import NOTHING, Mistakes, child, cut
from leadledger.scoring.card.crm_names import SYSTEMS
from leadledger.scoring.card.write_back import DEFAULTS
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.errors import UnreadableValue, did_you_mean
from leadledger.scoring.field import SPACE, Field, Lead, fold

PARAMETERS = ("from", "reply", "as_of", "explain")
EXPLAIN = ("none", "top", "full")


# -- what a request asks for -------------------------------------------------------------------------------------------


class Sent(NamedTuple):  # made for each request, and a frozen dataclass takes twice as long
    """What a body holds.

    `found` is a record, or for a batch a list of them; NOTHING where there is none. `path` leads to it, `source` is the
    CRM in whose shape the records are (empty: plain leads). `alone`: the records of a batch are one that came without a
    list.
    """

    found: Any
    as_of: date | None
    path: str
    source: str = ""
    alone: bool = False

    def at(self, number: int) -> str:
        """The path of one record of a batch."""
        return self.path if self.alone else f"{self.path}[{number}]"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the query string asks for: the CRM that the body is of, the one that the answer is for, the day, and how
    much of the answer is to be explained.
    """

    source: str = ""
    reply: str = ""
    as_of: date | None = None
    explain: str = "full"


PLAIN = Asked()


def asked(query: bytes, mistakes: Mistakes) -> Asked:
    """The parameters of a query string; mistakes are noted."""
    if not query:  # most have none
        return PLAIN
    found: dict[str, str] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name not in PARAMETERS:
            mistakes.add(f"?{cut(name)}", f"unknown parameter.{did_you_mean(cut(name), PARAMETERS)}")
        elif name in found:
            mistakes.add(f"?{name}", "stands here more than once; send it once")
        else:
            found[name] = value
            known = {"from": SYSTEMS, "reply": tuple(DEFAULTS)}.get(name)
            if name == "explain" and value not in EXPLAIN:
                mistakes.add("?explain", f"there is no such way to explain.{did_you_mean(cut(value), EXPLAIN)}", value)
            if known and value not in known:
                mistakes.add(f"?{name}", f"is not a CRM that we know.{did_you_mean(cut(value), known)}", value)
    as_of = body.day(found["as_of"], "?as_of", mistakes) if "as_of" in found else None
    if mistakes:
        return PLAIN
    return Asked(found.get("from", ""), found.get("reply", ""), as_of, found.get("explain", "full"))


def sent(asked: Asked, parsed: Any, wanted: str, mistakes: Mistakes) -> Sent:
    """What a body holds; mistakes are noted. `wanted` is the key of a plain body, lead or leads."""
    if mistakes:  # of parameters: what the body is can't be told until they are mended
        return Sent(NOTHING, None, "$")
    if not asked.source and isinstance(parsed, dict) and wanted in parsed:  # most bodies are plain
        return _plain(asked, parsed, wanted, "", mistakes)
    keys = [key for key in ("lead", "leads") if key in parsed] if isinstance(parsed, dict) else []
    if asked.source:  # then a record may happen to have such a member
        keys = [key for key in keys if isinstance(parsed[key], dict | list)]
    source = asked.source or ("" if keys else source_of(parsed))
    if keys or not source:
        return _plain(asked, parsed, wanted, source, mistakes)
    found, path = SHAPES[source].inside(parsed, "$", mistakes)
    if wanted == "lead":
        if isinstance(found, list):
            found, path = _single(found, path, mistakes)
        return Sent(found, asked.as_of, path, source)
    alone = isinstance(found, dict)
    return Sent([found] if alone else found, asked.as_of, path, source, alone)


def _plain(asked: Asked, parsed: Any, wanted: str, source: str, mistakes: Mistakes) -> Sent:
    found, said = body.members(parsed, wanted, mistakes)
    if said is not None and asked.as_of is not None and said != asked.as_of:
        mistakes.add("?as_of", f"is {asked.as_of}, and the body says {said}; send one of the two")
    return Sent(found, said or asked.as_of, f"$.{wanted}", source)


def _single(found: list[Any], path: str, mistakes: Mistakes) -> tuple[Any, str]:
    if len(found) == 1:
        return found[0], f"{path}[0]"
    said = f"holds {len(found):,} leads; send them to /v1/score/batch" if found else "is empty; send one lead"
    mistakes.add(path, said)
    return NOTHING, path


# -- one record --------------------------------------------------------------------------------------------------------


class Reader:
    """Reads records of CRMs for one card."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._names: dict[str, _Names] = {}
        self._replies: dict[str, Reply] = {}

    def reply(self, system: str) -> Reply:
        """How results go back into one CRM."""
        if system not in self._replies:
            self._replies[system] = reply(self.engine.card.card, system)
        return self._replies[system]

    def key(self, source: str, reply: str, record: Any, lead: Lead, path: str, mistakes: Mistakes) -> str:
        """The id under which a record is written back; empty where it has none, which is noted."""
        found = record_id(reply, record) if source == reply else None
        if found is None:
            ids = [lead.values[one.name] for one in self.engine.card.card.plain if one.kind == "id"]
            found = next((str(one) for one in ids if one is not None), "")
        if not found:
            mistakes.add(path, f"has no id, so {reply} could not tell which record to write to")
        return found

    def clean(self, source: str, record: Any, path: str, mistakes: Mistakes) -> Lead | None:
        """The typed values of a record; None where it has mistakes, which are noted. `source` empty: a plain lead."""
        if not source or not isinstance(record, dict):
            return body.clean(self.engine, record, path, mistakes)
        if source not in self._names:
            self._names[source] = _Names.of(source, self.engine.card.card.plain)
        names, shape = self._names[source], SHAPES[source]
        lead: dict[str, Any] = {}
        places: dict[str, str] = {}
        ignored: dict[str, None] = {}
        before = mistakes.count
        for key, value, at, label in shape.members(record, path, mistakes):
            if len(lead) + len(ignored) >= body.MOST_NAMES:
                many = f"has more than {body.MOST_NAMES:,} names; send those that the card uses"
                mistakes.add(path, many)
                return None
            kind = names.kinds.get(key)
            if kind is None:
                body.check_name(key, at, mistakes)
                # The members of a record within this one are told each by itself.
                if not isinstance(value, dict) or key.count(".") >= DEEPEST:
                    ignored[key] = None
                continue
            if key in places:  # "Owner.Name" may also be written out, beside Owner
                mistakes.add(at, "stands here more than once; send it once")
            places[key] = at
            try:
                lead[key] = shape.value(key, value, kind, label)
            except UnreadableValue as reason:
                lead[key] = None
                mistakes.add(at, str(reason), value)
        if ignored and not lead:  # a record of another shape, or one that was asked for without its fields
            mistakes.add(path, f"has no name that the card uses; is it a record of {source}, with its fields?")
        if mistakes.count > before:
            return None
        for own, others in names.rivals:
            # In Salesforce's body, Salesforce's names tell; a field of the same name as ours there may be anything.
            if any(not _is_missing(lead.get(one)) for one in own):
                ignored |= dict.fromkeys(one for one in others if lead.pop(one, NOTHING) is not NOTHING)
        for key, name in names.renamed.items():
            if key in lead:
                value = lead.pop(key)
                if name not in lead:
                    lead[name] = value
                    places[name] = places[key]
        within = Mistakes()
        cleaned = body.clean(self.engine, lead, "$", within)
        # `Owner.id` is told by `Owner`.
        unused = [one for one in ignored if "." not in one or one.partition(".")[0] not in places]
        paths = {child("$", key): at for key, at in places.items()}
        for one in within.kept:
            mistakes.add(paths.get(one.path, path), one.reason, one.value)
        mistakes.count += within.count - len(within.kept)
        return None if cleaned is None else Lead(cleaned.values, (*cleaned.ignored, *unused))


@dataclass(frozen=True, slots=True)
class _Names:
    """The names that count in the records of one CRM.

    `kinds`: the kind of the field that each name is of. `renamed`: names that count in this CRM only, with the field's
    own. `rivals`: for each field, its names in this CRM, and all others.
    """

    kinds: dict[str, str]
    renamed: dict[str, str]
    rivals: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]

    @classmethod
    def of(cls, source: str, fields: tuple[Field, ...]) -> _Names:
        kinds: dict[str, str] = {column: one.kind for one in fields for column in one.columns}
        renamed: dict[str, str] = {}
        rivals = []
        for one in fields:
            here = {name: one.name for system, name in one.in_bodies if system == source}
            own = (*here, *(name for system, name in one.sources + one.standard if fold(system) == source))
            others = tuple(name for name in one.columns if name not in own)
            kinds |= dict.fromkeys(here, one.kind)
            renamed |= here
            if own and others:
                rivals.append((own, others))
        return cls(kinds, renamed, tuple(rivals))


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip(SPACE))
