"""Settings of the service: few, typed, each with its help beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

from leadledger.api.service.program_log import LEVELS

HOME = Path("leadledger-home")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a service serves, and how much it takes at once. Raises ValueError where two settings contradict each other.

    Without `card`, the release `release` of `home` is served; without that, whatever release is the current one.
    """

    home: Path = field(default=HOME, metadata={"help": "the folder that holds the releases"})
    release: str | None = field(default=None, metadata={"help": "the release to serve, else the current one"})
    card: Path | None = field(default=None, metadata={"help": "serve this card alone: its rules, as declared"})
    log: Literal["sync", "async", "off"] = field(
        default="sync",
        metadata={"help": "record each score before its answer leaves (sync), soon after it (async), or not (off)"},
    )
    log_url: str | None = field(
        default=None, metadata={"help": "the log's database, like postgresql://user@host/database; else a file in home"}
    )
    max_batch: int = field(default=1000, metadata={"help": "the most leads in one request"})
    max_body: int = field(default=2_000_000, metadata={"help": "the most bytes in the body of a request"})
    max_rate: int = field(
        default=1000, metadata={"help": "the most requests a second of one key, in each worker, over time"}
    )
    max_waiting: int = field(
        default=100, metadata={"help": "the most requests in work at once, in each worker; what is more gets 503"}
    )
    max_arrival: int = field(default=10, metadata={"help": "the seconds in which a request must have arrived"})
    log_level: str = field(
        default="info", metadata={"help": "the least that the program logs: debug, info, warning, error"}
    )

    def __post_init__(self) -> None:
        if self.card is not None and self.release is not None:
            raise ValueError("a card and a release exclude each other; name one of the two")
        for name in ("max_batch", "max_body", "max_rate", "max_waiting", "max_arrival"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if self.log_level not in LEVELS:
            raise ValueError(f"log_level is {self.log_level!r}; it must be one of {', '.join(LEVELS)}")


HELP: Mapping[str, str] = {one.name: one.metadata["help"] for one in fields(Settings)}
