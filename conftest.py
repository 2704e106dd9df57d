"""Settings of the test run: hypothesis profiles, the pages of which every block is run, and Spark."""

from __future__ import annotations

import atexit
import gc
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from tests import effort, spark
from tests.readme import blocks

# One thread for each fit, here and in the commands that tests start: the workers keep the cores busy already, threads
# that wait for one another cost more than the fit itself, and what is learned doesn't depend on them. Read when NumPy,
# LightGBM and joblib are imported, which no line above does.
for limit in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LOKY_MAX_CPU_COUNT"):
    os.environ.setdefault(limit, "1")

# Deadlines measure the machine, not the code; a fixed seed keeps a run repeatable. HYPOTHESIS_PROFILE=explore looks for
# new examples, =first stops at the first failure without shrinking it,
# =quick tries a tenth of the examples (`make test-fast`).
QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
QUIET += [HealthCheck.large_base_example]
settings.register_profile("repeat", deadline=None, derandomize=True, suppress_health_check=QUIET, print_blob=True)
settings.register_profile("explore", deadline=None, max_examples=1000, suppress_health_check=QUIET, print_blob=True)
settings.register_profile("first", settings.get_profile("repeat"), phases=[Phase.generate], report_multiple_bugs=False)
settings.register_profile("quick", settings.get_profile("repeat"), max_examples=effort.examples(100))
settings.load_profile(effort.PROFILE)

# Thousands of tests stay until the end: the collector of garbage looks at none of them, neither while they are found,
# which would take twice as long, nor later, when each look at all of them would take more than a second.
gc.disable()

pytest_collect_file = blocks.pytest()


def pytest_collection_finish() -> None:
    """What has been imported by now stays until Python ends, when extensions look for what has been left over."""
    gc.freeze()
    gc.enable()
    atexit.register(gc.unfreeze)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The blocks of the pages are slow: they train, score with Spark and serve. Workers begin with slow files.

    Whoever takes the last file works alone while it lasts; so the quick ones stand at the end. Of tests with many
    cases, `make test-fast` runs some.
    """
    for item in items:
        if item.path.suffix == ".md":
            item.add_marker(pytest.mark.slow)
    kept = effort.keep_cases(item.nodeid for item in items)
    config.hook.pytest_deselected(items=[item for item, keep in zip(items, kept, strict=True) if not keep])
    items[:] = [item for item, keep in zip(items, kept, strict=True) if keep]
    if hasattr(config, "workerinput"):
        seconds: Counter[Path] = Counter()
        for item in items:
            if mark := item.get_closest_marker("slow"):
                seconds[item.path] += mark.kwargs.get("seconds", 2)
        items.sort(key=lambda item: -seconds[item.path])


class SparkScheduling(LoadFileScheduling):
    """A file's tests on one worker, and those of Spark, whatever their file, on one: its Java warms up but once."""

    def _split_scope(self, nodeid: str) -> str:
        return "spark" if "spark" in nodeid else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SparkScheduling | None:
    """How tests are shared among workers; None: as xdist does it."""
    return SparkScheduling(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes don't name a test: what is compressed holds the time, so that two workers would find different tests."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="module")
def few_bags() -> Iterator[None]:
    """Our classifier averages two fits instead of eight: for tests of what a training does besides learning well."""
    from leadledger.training.learn import fit
    from leadledger.training.runs import landmark_measures, step_fits, train

    with pytest.MonkeyPatch.context() as patch:
        for module in (train, step_fits, landmark_measures):
            patch.setattr(module, "default_classifier", lambda *of: fit.default_classifier(*of).set_params(bags=2))
        yield


@pytest.fixture(scope="session", autouse=True)
def copied_tables() -> Iterator[None]:
    """Empty logs get their tables in a tenth of the time."""
    from tests import log_tables

    with log_tables.copied_tables():
        yield


@pytest.fixture(scope="session")
def spark_master() -> Iterator[str]:
    """The URL of a Spark cluster, one for each worker of a run, since it takes ten seconds to start."""
    with spark.master() as url:
        yield url


@pytest.fixture(scope="session")
def spark_local() -> Iterator[str]:
    """What Spark calls this process as a master, for all that needs no cluster."""
    with spark.defaults():
        yield spark.LOCAL
