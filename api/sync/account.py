"""An account that is synced: the connector, the log, the card, and what the log knows of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

from leadledger.api.crm.read_names import list_read_names
from leadledger.api.crm.reply import Reply
from leadledger.api.log.replay import Replayer
from leadledger.api.log.store import LogStore
from leadledger.api.log.sync_store import SyncStore
from leadledger.api.service.loaded import LoadedCard
from leadledger.api.sync.connector import Connector
from leadledger.api.sync.report import SyncReport
from leadledger.scoring.card.write_back import MEMORY_OUTPUTS

# Goes along with what moved: it moves every day, and alone it is no news.
COMPANIONS = ("as_of",)
_NUMBERS = frozenset(
    (
        "score",
        "points",
        "low",
        "high",
        "plus_minus",
        "probability",
        "percentile",
        "sale_probability",
        "expected_value",
        "fit",
        "engagement",
        "propensity",
    )
)
_LONG_TEXTS = frozenset(("reasons", "questions"))
_DAYS = frozenset(("as_of", "recommended_since", "below_since"))


@dataclass
class SyncAccount:
    """What a sync works with. `name` is that of the account in the log, `day` that of its scores."""

    name: str
    connector: Connector
    log: LogStore
    loaded: LoadedCard
    home: Path
    day: date
    report: SyncReport
    replayer: Replayer = field(init=False)
    store: SyncStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = SyncStore(self.log.engine)
        self.replayer = Replayer(self.log, self.home)

    @property
    def key(self) -> str:
        """What the log has in the place of an API key."""
        return f"sync:{self.name}"

    @cached_property
    def reply(self) -> Reply:
        """How results go back."""
        return self.loaded.reader.reply_for(self.connector.crm.name)

    @cached_property
    def read_names(self) -> tuple[str, ...]:
        """The properties that the card reads, but for those of its own advice, which we write."""
        own = {self.reply.properties.get(output) for output in MEMORY_OUTPUTS.values()}
        names = list_read_names(self.loaded.card.card, self.connector.crm.name)
        return tuple(name for name in names if name not in own)

    @cached_property
    def written_names(self) -> tuple[str, ...]:
        """The properties that are written."""
        return tuple(dict.fromkeys(self.reply.properties.values()))

    @cached_property
    def companions(self) -> frozenset[str]:
        """The properties that are written only beside others."""
        return frozenset(self.reply.properties[output] for output in COMPANIONS if output in self.reply.properties)

    @cached_property
    def asked_names(self) -> tuple[str, ...]:
        """The properties that are asked for: all that are read, and those that are written."""
        return tuple(dict.fromkeys((*self.read_names, *self.written_names)))

    @cached_property
    def asked_digest(self) -> str:
        """A digest of the properties that are read: records must come anew where others are."""
        return digest_value(sorted(self.read_names))

    @cached_property
    def property_kinds(self) -> dict[str, str]:
        """The kind of each property that is written: `number`, `text`, `long_text` or `date`."""
        return list_property_kinds(self.reply)


def list_property_kinds(reply: Reply) -> dict[str, str]:
    """The kind of each property that results are written to: `number`, `text`, `long_text` or `date`."""
    return {name: _kind_of(output) for output, name in reply.properties.items()}


def _kind_of(output: str) -> str:
    if output in _NUMBERS:
        return "number"
    if output in _LONG_TEXTS:
        return "long_text"
    return "date" if output in _DAYS else "text"


def digest_value(value: Any) -> str:
    """A digest of a value of JSON, the same for the same value."""
    text = json.dumps(value, sort_keys=True, default=str)
    return blake2b(text.encode(errors="replace"), digest_size=8).hexdigest()


def is_empty(value: Any) -> bool:
    """Whether a property of a CRM holds nothing: some say so with an empty text, `false` or 0."""
    return value is None or value is False or value == 0 or (isinstance(value, str) and not value.strip())
