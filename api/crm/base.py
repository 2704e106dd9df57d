"""The contract of a CRM: what its bodies look like, what their values mean, and what its update call takes.

One file per system states its differences; `systems.CRMS` lists them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, NamedTuple

from leadledger.api.requests.body import LONGEST_NAME
from leadledger.api.requests.json_text import note_repeated_names
from leadledger.api.requests.mistakes import NOTHING, Mistakes, Path

DEEPEST_RELATED = 5  # levels of related records that are read: as many as Salesforce follows in a query

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Member(NamedTuple):
    """A member of a record.

    `label` is what the CRM shows for the value; None: it doesn't say. A member of a related record has the names of
    both (`Owner.Name`), `related` is that of the record (`Owner`), and `depth` counts the records around it.
    """

    name: str
    value: Any
    path: Path
    label: Any = None
    related: str = ""
    depth: int = 0


class Crm:
    """How one CRM writes, and how it is written to. A subclass states what its system does otherwise."""

    name: ClassVar[str]  # in cards and parameters
    title: ClassVar[str]  # for people
    bodies: ClassVar[str]  # what it sends, in the words of the documentation
    envelope: ClassVar[str]  # the member that holds the records of a list
    marks_envelope: ClassVar[bool] = True  # whether a marked record in that envelope tells the CRM

    # Of the call that updates records; a CRM without one has no reply.
    updates: ClassVar[str] = ""  # its body, in the words of the documentation
    most_updates: ClassVar[int] = 0  # records in one call
    around_updates: ClassVar[tuple[bytes, bytes]] = (b"", b"")  # what stands before and after the records of a call

    # -- reading -------------------------------------------------------------------------------------------------------

    def has_marks(self, record: Mapping[str, Any]) -> bool:
        """Whether a record, or a body, has a mark that nothing else has."""
        raise NotImplementedError

    def open_envelope(self, body: Any, path: Path, mistakes: Mistakes) -> tuple[Any, Path]:
        """What is inside of an envelope, a record or a list, and its path; NOTHING where there is neither."""
        if isinstance(body, dict):
            if isinstance(body.get(self.envelope), list):
                note_repeated_names(body, path, mistakes)
                return body[self.envelope], (*path, self.envelope)
        elif not isinstance(body, list):
            mistakes.add(path, "is neither a record nor a list of them")
            return NOTHING, path
        return body, path

    def read_members(self, record: dict[str, Any], path: Path, mistakes: Mistakes) -> Iterator[Member]:
        """The members of a record."""
        return flatten(record, path, mistakes)

    def read_value(self, member: Member, kind: str) -> Any:
        """What the value of a member means for a field of a kind. Raises UnreadableValue."""
        return member.value

    def find_record_id(self, record: Mapping[str, Any]) -> Any:
        """The id of a record; None where it has none."""
        return record.get("id")

    def make_example(self, record: dict[str, Any], is_batch: bool) -> Any:
        """A body as the CRM sends it, with one record (values by name), for the documentation."""
        raise NotImplementedError

    # -- replying ------------------------------------------------------------------------------------------------------

    def write_value(self, value: str | int | None) -> Any:
        """A text or a whole number as an update call has it; None: not known."""
        return value

    def write_points(self, tenths: int | None) -> Any:
        """Points as an update call has them; None: not known."""
        return None if tenths is None else tenths / 10

    def write_probability(self, probability: float | None) -> Any:
        """A probability (0..1) as an update call has it, to six decimals; None: not known."""
        return None if probability is None else round(probability, 6)

    def write_amount(self, amount: float | None) -> Any:
        """An amount in hundredths as an update call has it; None: not known."""
        return amount

    def make_update(self, properties: dict[str, Any]) -> dict[str, Any]:
        """The body that updates one record, whose id is in the address of the call."""
        return properties

    def make_update_of(self, record_id: str, properties: dict[str, Any], record: Any) -> dict[str, Any]:
        """One of several updates; `record` is what was sent, as it came."""
        raise NotImplementedError

    def join_updates(self, updates: Iterable[bytes]) -> bytes:
        """The body that updates several records, from the JSON of each."""
        before, after = self.around_updates
        return before + b",".join(updates) + after


def flatten(
    record: dict[str, Any],
    path: Path,
    mistakes: Mistakes,
    *,
    skipped: str = "",
    prefix: str = "",
    related: str = "",
    depth: int = 0,
) -> Iterator[Member]:
    """The members of a record, and those of the records within it, but for any of the name `skipped`.

    A record whose name is too long is not opened: each of its members would repeat the name.
    """
    note_repeated_names(record, path, mistakes)
    for key, value in record.items():
        here = (*path, key)
        if key == skipped:
            if isinstance(value, dict):
                note_repeated_names(value, here, mistakes)
            continue
        if isinstance(value, dict) and depth < DEEPEST_RELATED and len(prefix) + len(key) <= LONGEST_NAME:
            yield from flatten(
                value,
                here,
                mistakes,
                skipped=skipped,
                prefix=f"{prefix}{key}.",
                related=related or key,
                depth=depth + 1,
            )
        yield Member(f"{prefix}{key}", value, here, None, related, depth)


def moment_of(milliseconds: int) -> str | None:
    """A moment since 1970 as a date is written; None beyond the years 1 to 9999.

    Midnight in UTC is how a CRM writes a plain day, which is the same in every time zone.
    """
    try:
        moment = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None
    return f"{moment:%Y-%m-%dT%H:%M}Z".rjust(17, "0") if milliseconds % 86_400_000 else moment.date().isoformat()
