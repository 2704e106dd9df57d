"""What a connector has to be told: settings as data, secrets among them, and where each comes from.

A setting is an option of the command, or comes from the environment: `--url`, or LEADLEDGER_HUBSPOT_URL. A secret comes
from the environment or a file that nobody else can read, never from an option: other users of a machine see those.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from leadledger.scoring.errors import SyncError

if TYPE_CHECKING:
    from leadledger.api.sync.connector import Connector

MOST_SECRET_BYTES = 65_536


@dataclass(frozen=True)
class SyncSetting:
    """A setting of a connector, with its help, a sentence without its end. Empty `default`: it must be given."""

    name: str
    help: str
    default: str = ""
    is_secret: bool = False
    is_needed: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConnectorKind:
    """A system that can be synced: its settings, and what opens an account with them (by name; empty: not given).

    `scope` names the setting that tells apart what is synced by itself, such as contacts and companies; empty: none.
    """

    system: str
    title: str
    settings: Sequence[SyncSetting]
    open: Callable[[Mapping[str, str]], Connector]
    scope: str = ""

    def name_variable(self, setting: SyncSetting) -> str:
        """The variable of the environment that holds a setting."""
        return f"LEADLEDGER_{self.system}_{setting.name}".upper()

    def name_account(self, values: Mapping[str, str]) -> str:
        """What the log calls that which is synced."""
        return f"{self.system}/{values[self.scope]}" if self.scope else self.system

    def gather(
        self, options: Mapping[str, str | None], environment: Mapping[str, str], secret_file: Path | None
    ) -> dict[str, str]:
        """The settings by name, with those that are secret. Raises SyncError."""
        from_file = {} if secret_file is None else read_secret_file(secret_file, self)
        values = {}
        for setting in self.settings:
            variable = self.name_variable(setting)
            value = from_file.get(variable) or environment.get(variable) or ""
            if not setting.is_secret:
                value = options.get(setting.name) or value
            values[setting.name] = value.strip() or setting.default
            if not values[setting.name] and setting.is_needed:
                raise SyncError(self._explain_missing(setting, variable))
            if setting.choices and values[setting.name] not in setting.choices:
                raise SyncError(f"{setting.name} must be one of {', '.join(setting.choices)}")
            if setting.is_secret and not (values[setting.name].isascii() and values[setting.name].isprintable()):
                raise SyncError(f"{variable} holds signs that can't be sent; copy it anew, in one line")
        return values

    def _explain_missing(self, setting: SyncSetting, variable: str) -> str:
        if setting.is_secret:
            return (
                f"{self.title} needs {setting.help}: set {variable} in the environment, or write the line"
                f" {variable}=… to a file that only you can read (chmod 600) and name it with --secret-file"
            )
        return f"{self.title} needs {setting.help}: give --{setting.name.replace('_', '-')}, or set {variable}"


def read_secret_file(path: Path, kind: ConnectorKind) -> dict[str, str]:
    """The lines `NAME=value` of a file that only its owner can read; of a single secret, the value alone will do.

    Raises SyncError.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise SyncError(f"{path} can be read by others; make it yours alone: chmod 600 {path}")
            text = file.read(MOST_SECRET_BYTES).decode()
    except OSError as error:
        raise SyncError(f"{path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SyncError(f"{path} is no text in UTF-8") from None
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    known = {kind.name_variable(setting): setting for setting in kind.settings}
    secrets = [name for name, setting in known.items() if setting.is_secret]
    if len(lines) == 1 and len(secrets) == 1 and lines[0].partition("=")[0] not in known:
        return {secrets[0]: lines[0]}
    values = {}
    for number, line in enumerate(lines, 1):
        name, sign, value = line.partition("=")
        if not sign or not name.strip().replace("_", "").isalnum():
            raise SyncError(f"{path}: line {number} is not like {(secrets or list(known))[0]}=…")
        values[name.strip()] = value.strip().strip("\"'")
    return values
