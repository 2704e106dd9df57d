"""Copies and unpacked files in the temporary folder: bounded by the space that is left, and by what a list can be."""

from __future__ import annotations

import gzip
import shutil
import zlib
from pathlib import Path
from typing import BinaryIO

from leadledger.scoring.errors import DataError
from leadledger.training.sources.scan import BLOCK_SIZE

LARGEST_RATIO = 200  # unpacked to packed bytes; lists have 5 to 50, one value a million times has 1,000
LARGEST_UNSUSPECTED = 1 << 26  # bytes up to which any ratio is fine
_SPARED = 1 << 27  # bytes of the disk that a copy leaves free


def unpack(path: Path, label: str, unpacked: Path) -> Path:
    """Unpack a gzip file. Raises DataError where it is damaged, too large for the disk, or made to be."""
    packed = path.stat().st_size
    try:
        with gzip.open(path, "rb") as source:
            copy(source, unpacked, label, max(LARGEST_UNSUSPECTED, LARGEST_RATIO * packed))  # type: ignore[arg-type]  # it reads as a file does
    except EOFError:
        raise DataError(f"{label}: the compressed file is cut off; copy or download it again") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{label}: the compressed file is damaged: {error}; copy or download it again") from None
    return unpacked


def copy(source: BinaryIO, target: Path, label: str, most: int | None = None) -> None:
    """Copy a stream into the temporary folder; `most` bytes of it are no bomb. Raises DataError."""
    size = 0
    with target.open("wb") as file:
        while block := source.read(BLOCK_SIZE):
            size += len(block)
            if most is not None and size > most:
                raise DataError(
                    f"{label}: unpacks to more than {LARGEST_RATIO} times its size, {size:,} bytes so far, as no list"
                    " does; if it is one, unpack it with gunzip"
                )
            if shutil.disk_usage(target.parent).free < len(block) + _SPARED:
                raise DataError(
                    f"{label}: the temporary folder {target.parent.parent} has no room for it after {size:,} bytes;"
                    " name a larger one in TMPDIR"
                )
            file.write(block)
