"""What a body holds, plain or as a CRM sends it: records, where they stand, and the day.

Which CRM a body comes from, `?from=` says; without it, marks that no plain body can have (a plain one has `lead` or
`leads`, and nothing else but `as_of` and `events`).
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from leadledger.api.crm.any_record import AnyRecord
from leadledger.api.crm.systems import CRMS, SOURCES, recognise
from leadledger.api.requests.body import read_lead_body
from leadledger.api.requests.mistakes import NOTHING, ROOT, Mistakes, Path, shorten
from leadledger.api.requests.parameters import ScoreParameters
from leadledger.scoring.errors import did_you_mean

MOST_KEYS_COMPARED = 20  # of a body, with the keys of a plain one
_WHOSE_RECORD = (
    'has no `{key}`; send {{"{key}": …}}, or say whose record it is: ?from=hubspot (or '
    + ", ".join(name for name in CRMS if name != "hubspot")
    + "), ?from=record for any other system"
)


class BodyRecords(NamedTuple):  # made for each request, and a frozen dataclass takes twice as long
    """What a body holds.

    `content` is a record, or for a batch a list of them; NOTHING where there is none. `path` leads to it, `source` is
    the CRM that wrote the records (empty: plain leads). `single`: the body holds one record without a list, which is
    read as a batch of one. `events` stands beside a lead; NOTHING: no events are sent.
    """

    content: Any
    as_of: date | None
    path: Path
    source: str = ""
    single: bool = False
    events: Any = NOTHING

    def path_of(self, number: int) -> Path:
        """The path of one record of a batch, by its place in it, from 0."""
        return self.path if self.single else (*self.path, number)


def read_records(parameters: ScoreParameters, body: Any, key: str, mistakes: Mistakes) -> BodyRecords:
    """What a body holds; mistakes are noted. `key` is that of a plain body, `lead` or `leads`."""
    if mistakes:  # of parameters: what the body is can't be told until they are mended
        return BodyRecords(NOTHING, None, ROOT)
    if not parameters.source and isinstance(body, dict) and key in body:  # most bodies are plain
        return _read_plain(parameters, body, key, "", mistakes)
    keys = [name for name in ("lead", "leads") if name in body] if isinstance(body, dict) else []
    if parameters.source:  # then a record may happen to have such a member
        keys = [name for name in keys if isinstance(body[name], dict | list)]
        crm = SOURCES[parameters.source]
        if parameters.source == AnyRecord.name and not set(body if keys else ()) <= {*keys, "as_of", "events"}:
            keys = []  # a record below `lead`, beside members that a plain body hasn't got
    else:
        recognised = None if keys else recognise(body)
        if recognised is None and not keys and _looks_like_record(body):
            mistakes.add(ROOT, _WHOSE_RECORD.format(key=key))
            return BodyRecords(NOTHING, None, ROOT)
        if recognised is None:
            return _read_plain(parameters, body, key, "", mistakes)
        crm = recognised
    if keys:
        return _read_plain(parameters, body, key, crm.name, mistakes)
    content, path = crm.open_envelope(body, ROOT, mistakes)
    if key == "lead":
        if isinstance(content, list):
            content, path = _take_single(content, path, mistakes)
        return BodyRecords(content, parameters.as_of, path, crm.name)
    single = isinstance(content, dict)
    return BodyRecords([content] if single else content, parameters.as_of, path, crm.name, single)


def _looks_like_record(body: Any) -> bool:
    """Whether a body without a mark looks like a record, or a list of them, and not like a plain body with a slip."""
    if isinstance(body, list):
        return bool(body) and isinstance(body[0], dict)
    if not isinstance(body, dict):
        return False
    keys = [key for key in body if key != "as_of"]
    slips = (did_you_mean(shorten(key), ("lead", "leads", "as_of")) for key in keys[:MOST_KEYS_COMPARED])
    return bool(keys) and not any("Did you mean" in slip for slip in slips)


def _read_plain(parameters: ScoreParameters, body: Any, key: str, source: str, mistakes: Mistakes) -> BodyRecords:
    content, day, events = read_lead_body(body, key, mistakes)
    if day is not None and parameters.as_of is not None and day != parameters.as_of:
        mistakes.add(("?as_of",), f"is {parameters.as_of}, and the body says {day}; send one of the two")
    return BodyRecords(content, day or parameters.as_of, (*ROOT, key), source, events=events)


def _take_single(records: list[Any], path: Path, mistakes: Mistakes) -> tuple[Any, Path]:
    if len(records) == 1:
        return records[0], (*path, 0)
    many = f"holds {len(records):,} leads; send them to /v1/score/batch"
    mistakes.add(path, many if records else "is empty; send one lead")
    return NOTHING, path
