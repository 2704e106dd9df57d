"""Settings of the service: few, typed, each with its help beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

HOME = Path("leadledger-home")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a service serves, and how much it takes at once. Raises ValueError where two settings contradict each other.

    Without `card`, the release `release` of `home` is served (None: the current one), for as long as the process lives.
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

    def __post_init__(self) -> None:
        if self.card is not None and self.release is not None:
            raise ValueError("a card and a release exclude each other; name one of the two")
        for name in ("max_batch", "max_body"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")


HELP: Mapping[str, str] = {one.name: one.metadata["help"] for one in fields(Settings)}
