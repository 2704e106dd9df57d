"""Checks of the machine: the program and its extras, the clock and the time zone."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from importlib import metadata

from leadledger.api.doctor.finding import Finding
from leadledger.api.doctor.installation import Installation
from leadledger.api.doctor.log_checks import find_late_clock
from leadledger.scoring.day_forms import find_zone

EXTRAS = {  # what each is for
    "train": "learning from past leads",
    "excel": "lists that are Excel files",
    "postgres": "a log, or lists, in PostgreSQL",
    "spark": "lists on Apache Spark",
    "mcp": "tools for agents",
}
_PATIENCE = 5  # seconds


def check_program(installation: Installation) -> Iterator[Finding]:
    """Which leadledger this is, on which Python."""
    version, python = metadata.version("leadledger"), platform.python_version()
    yield Finding("ok", f"leadledger {version} on Python {python}, {platform.system()} {platform.machine()}")


def check_extras(installation: Installation) -> Iterator[Finding]:
    """Which extras are installed."""
    lacking = _find_lacking()
    whole = [extra for extra in EXTRAS if not lacking[extra]]
    if whole:
        yield Finding("ok", f"installed: {', '.join(whole)}")
    for extra, purpose in EXTRAS.items():
        if lacking[extra]:
            text = f"'{extra}' for {purpose} is not installed: no {', '.join(lacking[extra])}"
            yield Finding("missing", text, f"pip install 'leadledger[{extra}]'")
    if "spark" in whole and not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        yield Finding("warning", "'spark' is installed, and no Java is on the path", "install Java 17 or later")


def check_clock(installation: Installation) -> Iterator[Finding]:
    """Whether the clock can be right, and in which time zone the days of the card begin."""
    loaded, now = installation.loaded, installation.now
    zone = loaded.card.card.time_zone if loaded else "UTC"
    local = now.astimezone()
    there = f"{now.astimezone(find_zone(zone)):%Y-%m-%d %H:%M} in {zone}, whose days count"
    yield Finding("ok", f"{there}; timers of this machine run by {local:%H:%M} {local.tzname()}")
    yield from find_late_clock(installation)
    if _read_synchronization() == "no":
        yield Finding("warning", "no time server sets this machine's clock", "timedatectl set-ntp true")


def _find_lacking() -> dict[str, list[str]]:
    """The packages of each extra that are not installed."""
    lacking: dict[str, list[str]] = defaultdict(list)
    for requirement in metadata.requires("leadledger") or ():
        package = re.match(r"[\w.-]+", requirement)
        extra = re.search(r"""extra == ["']([\w-]+)["']""", requirement)
        if package and extra:
            try:
                metadata.version(package[0])
            except metadata.PackageNotFoundError:
                lacking[extra[1]].append(package[0])
    return lacking


def _read_synchronization() -> str:
    """What systemd says of the clock: yes or no; empty where it can't be asked."""
    program = shutil.which("timedatectl")
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, "show", "--property", "NTPSynchronized", "--value"],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
