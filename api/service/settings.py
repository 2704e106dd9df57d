"""Settings of the service: few, typed, each with its help beside it.

The command line makes its options of this list: see `help_of`, `choices_of` and `minimum_of`.
"""

from __future__ import annotations

import ipaddress
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

LEVELS = ("debug", "info", "warning", "error")
LogMode: TypeAlias = Literal["sync", "async", "off"]
HOME = Path("leadledger-home")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a service serves, and how much it takes at once. Raises ValueError where two settings contradict each other.

    Without `card`, the release `release` of `home` is served; without that, whatever release is the current one.
    """

    home: Path = field(default=HOME, metadata={"help": "Folder that holds the releases"})
    release: str | None = field(default=None, metadata={"help": "Release to serve; the current one if left out"})
    card: Path | None = field(
        default=None, metadata={"help": "Serve this card alone, its rules as declared, and no release"}
    )
    log: LogMode = field(
        default="sync",
        metadata={
            "help": "`sync` writes each score to the log before answering, `async` just after answering, `off` writes"
            " nothing",
            "choices": get_args(LogMode),
        },
    )
    log_url: str | None = field(
        default=None,
        metadata={"help": "Database of the log, like postgresql://user@host/database; a file in the home if left out"},
    )
    max_batch: int = field(default=1000, metadata={"help": "Largest number of leads in one request", "minimum": 1})
    max_body: int = field(default=2_000_000, metadata={"help": "Largest request body in bytes", "minimum": 1})
    max_rate: int = field(
        default=1000,
        metadata={"help": "Most requests per second with one key, in each worker, over time", "minimum": 1},
    )
    max_waiting: int = field(
        default=100,
        metadata={"help": "Most requests in progress at once, in each worker; further ones get 503", "minimum": 1},
    )
    max_arrival: int = field(default=10, metadata={"help": "Seconds in which a request must arrive", "minimum": 1})
    log_level: str = field(
        default="info", metadata={"help": "Lowest level of what the service logs on stderr", "choices": LEVELS}
    )

    history: Path | None = field(
        default=None,
        metadata={"help": "File of past leads, on which the studio tries drafts; the outcomes of the log if left out"},
    )
    trusted_proxies: str | None = field(
        default=None,
        metadata={
            "help": "Addresses or networks of proxies in front, with commas between them: they are believed who calls,"
            " and whether by TLS"
        },
    )
    hooks_to_loopback: bool = field(
        default=False, metadata={"help": "Allow hooks to be sent to this machine, also without TLS"}
    )

    def __post_init__(self) -> None:
        if self.card is not None and self.release is not None:
            raise ValueError("a card and a release exclude each other; name one of the two")
        for setting in fields(self):
            value, minimum, choices = getattr(self, setting.name), minimum_of(setting), choices_of(setting)
            if minimum is not None and value < minimum:
                raise ValueError(f"{setting.name} is {value:,}; it must be at least {minimum:,}")
            if choices and value not in choices:
                raise ValueError(f"{setting.name} is {value!r}; it must be one of {', '.join(choices)}")
        if self.trusted_proxies is not None:
            for network in self.trusted_proxies.split(","):
                _check_network(network.strip())


def _check_network(text: str) -> None:
    """Raise ValueError unless a text is an address, or a network without bits of a host."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(
            f"trusted_proxies: {text!r} is no address and no network; write 127.0.0.1 or 10.0.0.0/8"
        ) from None


def help_of(setting: Field[Any]) -> str:
    """The help of a setting (one of `fields(Settings)`): a sentence, with the default where there is one but no."""
    default = setting.default
    if default is None or default is False:
        return f"{setting.metadata['help']}."
    written = f"{default:,}" if isinstance(default, int) else default
    return f"{setting.metadata['help']} (default {written})."


def choices_of(setting: Field[Any]) -> tuple[str, ...]:
    """The texts that a setting may be; empty: any value of its type."""
    choices: tuple[str, ...] = setting.metadata.get("choices", ())
    return choices


def minimum_of(setting: Field[Any]) -> int | None:
    """The smallest number that a setting may be; None: there is none."""
    minimum: int | None = setting.metadata.get("minimum")
    return minimum
