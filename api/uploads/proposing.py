"""Asks a process of its own for the proposal of a card, and gives up on it after a while."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from leadledger.scoring.errors import DataError

PATIENCE = 180  # seconds
PROGRAM = "leadledger.api.uploads.proposal_process"

_waiting = asyncio.Semaphore(1)  # lists are read one at a time, so that scoring goes on beside


async def propose_for(path: Path, outcome: str = "") -> dict[str, Any]:
    """The proposal for a list, as `proposal_process` prints it. Raises DataError: it can't be read, or not in time.

    `outcome` is the column that says what became of the leads; empty: it is found.
    """
    async with _waiting:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", PROGRAM, str(path.absolute()), outcome),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            printed, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
        except TimeoutError:
            raise DataError(
                f"reading this list takes more than {PATIENCE} seconds; use `leadledger init` on the command line"
            ) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    try:
        answer: dict[str, Any] = json.loads(printed)
    except ValueError:
        raise DataError("this list can't be read: the program that reads it has failed") from None
    if "refused" in answer:
        raise DataError(answer["refused"])
    return answer
