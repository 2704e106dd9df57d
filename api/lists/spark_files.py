"""Files and folders wherever Spark finds them: on this machine, in HDFS, in a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from leadledger.api.lists.spark_session import error_line
from leadledger.scoring.errors import DataError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# By the end of a name: how Spark reads and writes it.
ENDINGS = {".parquet": "parquet", ".csv": "csv", ".tsv": "csv", ".csv.gz": "csv", ".tsv.gz": "csv"}


class SparkFiles:
    """The file systems of a session; paths are texts, URLs among them."""

    def __init__(self, spark: SparkSession) -> None:
        context: Any = spark.sparkContext
        self._path = context._jvm.org.apache.hadoop.fs.Path
        self._settings = context._jsc.hadoopConfiguration()

    def _find(self, place: str) -> tuple[Any, Any]:
        """A path, and the file system that has it. Raises DataError."""
        try:
            path = self._path(place)
            return path, path.getFileSystem(self._settings)
        except Exception as error:
            raise DataError(f"{place}: {error_line(error)}") from None

    def name(self, place: str) -> str:
        """The last part of a path."""
        return str(self._find(place)[0].getName())

    def beside(self, place: str, name: str) -> str:
        """The path of another name in the same folder."""
        path, _ = self._find(place)
        parent = path.getParent()
        return name if parent is None else str(self._path(parent, name).toString())

    def find_data_file(self, place: str) -> str:
        """The first data file of a file, a folder or a pattern. Raises DataError."""
        path, system = self._find(place)
        matches = system.globStatus(path)
        for match in matches or ():
            if match.isFile():
                return str(match.getPath().toString())
            files = system.listFiles(match.getPath(), True)
            while files.hasNext():
                file = files.next().getPath()
                if not str(file.getName()).startswith(("_", ".")):
                    return str(file.toString())
        raise DataError(f"{place}: there is no such {'list, or it has no files' if matches else 'file or folder'}")

    @contextmanager
    def part_folder(self, place: str) -> Iterator[str]:
        """A folder to write to first, beside its place; gone at the end, unless it was published. Raises DataError."""
        path, system = self._find(place)
        if system.exists(path):
            raise DataError(f"{place}: already exists; remove it, or name another folder")
        part = self.beside(place, f".{self.name(place)}.half")
        path, system = self._find(part)
        if not system.exists(path.getParent() or path):
            raise DataError(f"{place}: there is no folder {path.getParent().toString()}; make it first")
        if system.exists(path):
            raise DataError(
                f"{place}: another run is writing it, or was stopped halfway; if none is, remove {path.toString()}"
            )
        try:
            yield part
        finally:
            with suppress(Exception):  # where Spark has ended, it can't
                system.delete(path, True)

    @contextmanager
    def work_folder(self, place: str) -> Iterator[str]:
        """A folder beside a place for what a run needs on its way; gone at the end."""
        work = self.beside(place, f".{self.name(place)}.work")
        path, system = self._find(work)
        try:
            yield work
        finally:
            with suppress(Exception):  # where Spark has ended, it can't
                system.delete(path, True)

    def publish(self, part: str, place: str) -> None:
        """Give a whole folder its name. Raises DataError."""
        path, system = self._find(part)
        if not system.rename(path, self._path(place)):
            raise DataError(f"{place}: the finished folder can't be renamed to this; does it exist by now?")


def find_kind(place: str) -> str | None:
    """How Spark reads a file or a folder, by its name; None where the name doesn't say."""
    return next((kind for ending, kind in ENDINGS.items() if place.lower().rstrip("/").endswith(ending)), None)


def separator(name: str) -> str:
    """What stands between the values of a CSV file, by its name."""
    return "\t" if name.lower().removesuffix(".gz").endswith(".tsv") else ","


def stem(name: str) -> str:
    """A name without its ending."""
    endings = [ending for ending in ENDINGS if name.lower().endswith(ending)]
    return name[: -len(max(endings, key=len))] if endings else name
