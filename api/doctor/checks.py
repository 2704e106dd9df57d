"""All checks, in the order in which they are shown.

To add one, write a function that takes the installation and yields what it finds, and give it a name here. A check
writes nothing, shows no secret, takes a few seconds at most, and yields nothing where another check has said why.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from sqlalchemy.exc import SQLAlchemyError

from leadledger.api.doctor.finding import Finding
from leadledger.api.doctor.home_checks import check_home, check_keys, check_release
from leadledger.api.doctor.installation import Installation
from leadledger.api.doctor.log_checks import check_book, check_hooks, check_log
from leadledger.api.doctor.machine_checks import check_clock, check_extras, check_program
from leadledger.api.doctor.service_check import check_service
from leadledger.api.doctor.sync_check import check_syncs
from leadledger.api.log.database import describe_error

Check: TypeAlias = Callable[[Installation], Iterable[Finding]]

CHECKS: Mapping[str, Check] = {
    "program": check_program,
    "extras": check_extras,
    "home": check_home,
    "release": check_release,
    "keys": check_keys,
    "log": check_log,
    "book": check_book,
    "hooks": check_hooks,
    "syncs": check_syncs,
    "clock": check_clock,
    "service": check_service,
}


def examine(installation: Installation, checks: Mapping[str, Check] = CHECKS) -> Iterator[tuple[str, Finding]]:
    """What each check finds, with its name. A check that fails is a problem itself, and the others go on."""
    for name, check in checks.items():
        try:
            for finding in check(installation):
                yield name, finding
        except Exception as error:
            yield name, Finding("problem", f"this check failed: {_describe_failure(error)}", "tell the authors")


def _describe_failure(error: Exception) -> str:
    """What failed and where, without the words of an error that may hold a value or an address."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    words = f": {describe_error(error)}" if isinstance(error, SQLAlchemyError) else ""
    return f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}{words}"
