"""Spark for the tests, from the package pyspark: within the process, or a cluster on 127.0.0.1.

What Spark makes of a statement is the same in either: the same code plans it, compiles it and runs it. A session within
the process stays warm from test to test; each session of a cluster starts a Java on both of its workers, which costs
as much as a hundred statements. So a test takes the cluster where several machines must read and write the files of a
list, and else the process. The session's settings are ones that no statement of ours may depend on.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from leadledger.api.lists import spark_session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MASTER, WORKER = "org.apache.spark.deploy.master.Master", "org.apache.spark.deploy.worker.Worker"
LOCAL = "local[2]"  # two tasks at a time, as on the two workers
LIMIT = 120  # seconds for a program to start
# Programs that live for seconds gain nothing from the compiler that makes the fastest code, which would take half of
# the processor's time, nor from a collector with threads of its own.
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# Those of the machine, which a session finds in the folder SPARK_CONF_DIR.
DEFAULTS = {
    "spark.executor.memory": "512m",
    "spark.executor.cores": "1",
    "spark.driver.memory": "1g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.default.parallelism": "2",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.codegen.wholeStage": "false",  # as README.md tells those who score a large card to set it
    "spark.driver.extraJavaOptions": JAVA,
    "spark.executor.extraJavaOptions": JAVA,
}
SETTINGS = {
    **DEFAULTS,
    "spark.sql.session.timeZone": "Asia/Kolkata",  # no statement of ours may depend on the session's time zone
    "spark.sql.codegen.factoryMode": "CODEGEN_ONLY",  # what can't be compiled ends the query, and isn't interpreted
}


@contextmanager
def defaults() -> Iterator[Path]:
    """Let each session find the settings of the tests; gives a folder. Skips the tests where pyspark is absent."""
    pytest.importorskip("pyspark", reason="the package pyspark has Spark itself")
    spark_session.find_java()
    folder = Path(tempfile.mkdtemp(prefix="leadledger-spark-"))
    try:
        with mock.patch.dict(os.environ, write_defaults(folder)):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_defaults(folder: Path) -> dict[str, str]:
    """Write the settings of the tests to a folder: the environment in which a program finds them."""
    lines = "".join(f"{key} {value}\n" for key, value in DEFAULTS.items())
    (folder / "spark-defaults.conf").write_text(lines, encoding="utf-8")
    return {"SPARK_CONF_DIR": str(folder), "SPARK_DAEMON_JAVA_OPTS": JAVA}


@contextmanager
def master(workers: int = 2) -> Iterator[str]:
    """A running cluster, a standalone master and workers with a core each: the URL of the master."""
    with ExitStack() as stack:
        folder = stack.enter_context(defaults())
        yield _start_cluster(stack, folder, workers)


def _start_cluster(stack: ExitStack, folder: Path, workers: int) -> str:
    """Start the programs of a cluster, which stop with the stack; returns the master's URL."""
    from pyspark import SparkContext
    from pyspark.find_spark_home import _find_spark_home

    if SparkContext._jvm is not None:  # a session of an earlier test has started Java, which reads no file again
        for key, value in DEFAULTS.items():
            SparkContext._jvm.java.lang.System.setProperty(key, value)

    program = Path(_find_spark_home()) / "bin" / "spark-class"
    address = ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0"]
    log = _start(stack, [program, MASTER, *address], folder / "master.log")
    url = _wait(log, r"Starting Spark master at (spark://\S+)")
    _wait(log, r"I have been elected leader")
    for i in range(workers):
        size = ["--cores", "1", "--memory", "700m", "--work-dir", folder / f"work-{i}"]
        _start(stack, [program, WORKER, *address, *size, url], folder / f"worker-{i}.log")
    for i in range(workers):
        _wait(folder / f"worker-{i}.log", r"Successfully registered with master")
    return url


@contextmanager
def session(url: str, **settings: str) -> Iterator[SparkSession]:
    """A session on a master."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(url).appName("leadledger-tests")
    for key, value in {**SETTINGS, **settings}.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    try:
        session.sparkContext.setLogLevel("ERROR")
        yield session
    finally:
        session.stop()


def _start(stack: ExitStack, command: list[object], log: Path) -> Path:
    """Start a program that is stopped with the stack; returns its log."""
    environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m"}
    file = stack.enter_context(log.open("w", encoding="utf-8"))
    process = subprocess.Popen(
        list(map(str, command)),
        stdin=subprocess.DEVNULL,
        stdout=file,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd=log.parent,
    )

    def end() -> None:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    stack.callback(end)
    return log


def _wait(log: Path, words: str) -> str:
    """Wait until a log holds some words; returns their last group."""
    for _ in range(LIMIT * 10):
        match = re.search(words, log.read_text(encoding="utf-8", errors="replace"))
        if match:
            return match[match.re.groups]
        time.sleep(0.1)
    raise RuntimeError(f"{log.name}: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
