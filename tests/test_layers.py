"""The layers: who may import whom, and what the base install can do without.

The contracts are in pyproject.toml and are read from the source. The processes started here see the rest: what an
import really loads, through our own modules and through those of others.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]

# What the `train` extra adds. The base install has none of it, so nothing that serves may load it.
TRAIN_ONLY = frozenset({"joblib", "pandas", "scipy", "sklearn"})

# What scores lists and frames. The base install has it, and a service loads it when it is asked for a list.
LISTS_ONLY = frozenset({"numpy", "pyarrow"})

# What the `mcp` extra adds. It takes a second to load, so the service loads it when the first agent calls.
AGENTS_ONLY = frozenset({"mcp", "mcp_types"})

FOLDERS = ("scoring", "models", "training", "api")


def source_files(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    """Every Python file below some folders of the repository, parsed."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "printed" not in path.parts:  # what a printer writes is no source of ours
                yield path, ast.parse(path.read_text("utf-8"))


def cycle(imports: Mapping[str, set[str]]) -> list[str]:
    """The names along one cycle of a graph, the first again at the end; empty where there is none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    """What each module imports of ours, anywhere in its file: in functions and for type checkers too."""
    graph = grimp.build_graph("leadledger", cache_dir=None)
    return {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}


def loaded_by(module: str) -> set[str]:
    """The top-level names of all modules that a fresh process has after importing `module`."""
    code = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_contracts_hold() -> None:
    """Each layer imports only those below it, and the core imports no database, web or learning library."""
    # In a process of its own: it sets up logging for the whole process, and silences the loggers that are there.
    lint = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo"]
    run = subprocess.run(lint, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "module",
    ["api.app", "api.cli.commands", "api.mcp.toolbox", "models.releases.store", "scoring.engine.score"],
)
def test_base_install_suffices(module: str) -> None:
    """Importing what serves and scores loads nothing that the extras `train` and `mcp` install, nor what lists need."""
    assert loaded_by(f"leadledger.{module}") & (TRAIN_ONLY | AGENTS_ONLY | LISTS_ONLY) == set()


# What no first answer needs: pages and their templates, known leads, agents, PostgreSQL, a new log, lists, printed SQL.
LATER = (
    *("jinja2", "mcp", "alembic", "duckdb", "pyarrow", "leadledger.api.pages", "leadledger.api.studio"),
    *("leadledger.api.sync", "leadledger.api.http.routes.leads", "leadledger.training"),
    *("sqlalchemy.dialects.postgresql", "sqlglot.dialects.duckdb", "sqlglot.generators.duckdb"),
    *("leadledger.api.cli.score", "leadledger.models.releases.diff"),
)
START = """
import sys
from pathlib import Path
from leadledger.api.cli.commands import cli
from leadledger.api.server.serve import create_app
from leadledger.api.service.settings import Settings
cli.commands["serve"]
create_app(Settings(card=Path(sys.argv[1]), home=Path(sys.argv[2]), log=sys.argv[3]), late=True).state.service.close()
print(*sys.modules)
"""


def load_at_start(card: Path, home: Path, log: str) -> set[str]:
    """All modules that `leadledger serve` loads before it answers."""
    command = [sys.executable, "-c", START, str(card), str(home), log]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.slow
def test_the_first_answer_waits_for_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    """Before it answers, `leadledger serve` loads no page, no template, and no library of what it doesn't do yet."""
    card = ROOT / "examples" / "b2b-software" / "card.yaml"
    for _ in range(2):  # the first makes the log, with Alembic
        loaded = load_at_start(card, tmp_path, "sync")
    assert "leadledger.api.http.routes.score" in loaded
    assert [name for name in LATER if name in loaded] == []


@pytest.mark.slow
def test_a_service_without_a_log_loads_no_database(tmp_path: Path) -> None:
    """SQLAlchemy, a fifth of a start, is loaded only where there is a log."""
    loaded = load_at_start(ROOT / "examples" / "b2b-software" / "card.yaml", tmp_path, "off")
    assert "leadledger.api.http.routes.score" in loaded
    assert {"sqlalchemy", "sqlite3"} & loaded == set()


@pytest.mark.slow
def test_models_of_openapi_are_built_when_they_are_used() -> None:
    """A service that starts builds none of FastAPI's models of documents; pydantic builds all others as ever."""
    code = (
        "import leadledger.api.server.worker, pydantic; from fastapi.openapi.models import OpenAPI, PathItem, Schema;"
        "print(PathItem.__pydantic_complete__, Schema.__pydantic_complete__, pydantic.BaseModel.model_config,"
        "pydantic.create_model('Own', a=(int, 1)).__pydantic_complete__,"
        "OpenAPI(openapi='3.1.0', info={'title': 'a', 'version': '1'}, paths={'/': {'get': {'responses': {}}}})"
        ".model_dump_json(exclude_none=True))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    document = '{"openapi":"3.1.0","info":{"title":"a","version":"1"},"paths":{"/":{"get":{"responses":{}}}}}'
    assert done.stdout.strip() == f"False False {{}} True {document}"


def test_core_is_pure() -> None:
    """Importing the engine loads no database and no web framework, not even through a library."""
    loaded = loaded_by("leadledger.scoring.engine.score")
    assert loaded & {"duckdb", "fastapi", "pydantic", "starlette", "uvicorn"} == set()


@pytest.mark.slow
def test_a_service_without_hooks_loads_no_client() -> None:
    """The HTTP client that sends hooks is loaded with the first message."""
    assert "httpcore2" not in loaded_by("leadledger.api.app") | loaded_by("leadledger.api.hooks.delivery")


@pytest.mark.parametrize(
    ("imports", "expected"),
    [({"a": {"b"}, "b": {"c"}}, 0), ({"a": {"b"}, "b": {"a"}}, 3), ({"a": {"b"}, "b": {"c"}, "c": {"a"}}, 4)],
)
def test_a_cycle_is_found(imports: dict[str, set[str]], expected: int) -> None:
    """The check itself finds cycles of two and of three, and none where there is none."""
    assert len(cycle(imports)) == expected


def test_files_import_one_another_in_no_cycle(imports: dict[str, set[str]]) -> None:
    """Each file can be read after those that it imports."""
    assert cycle(imports) == []


def test_folders_import_one_another_in_no_cycle(imports: dict[str, set[str]]) -> None:
    """Each folder can be read after those that it imports; the files of a folder are its own, not its subfolders'."""
    packages = {module.rpartition(".")[0] for module in imports}

    def folder(module: str) -> str:
        return module if module in packages else module.rpartition(".")[0]

    folders: dict[str, set[str]] = defaultdict(set)
    for module, targets in imports.items():
        if module != "leadledger":  # the front door, which nothing of ours may import
            folders[folder(module)] |= {folder(target) for target in targets} - {folder(module)}
    assert cycle(folders) == []


@pytest.mark.slow
def test_nothing_is_imported_by_its_folder_alone() -> None:
    """Our modules have one name: `leadledger.scoring`, never `scoring`, which a clone would find as well."""
    places = []
    for path, module in source_files(*FOLDERS, "leadledger", "tests", "benchmarks", "examples"):
        for node in ast.walk(module):
            match node:
                case ast.Import():
                    names = [alias.name for alias in node.names]
                case ast.ImportFrom():
                    names = [node.module or ""]
                case _:
                    continue
            places += [f"{path}:{node.lineno}" for name in names if name.partition(".")[0] in FOLDERS]
    assert places == []


@pytest.mark.slow
def test_a_class_name_is_defined_once() -> None:
    """A name says which class is meant, wherever it is read."""
    classes = Counter(
        node.name for _, module in source_files(*FOLDERS) for node in ast.walk(module) if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in classes.items() if count > 1] == []


@pytest.mark.slow
def test_no_module_keeps_an_exception() -> None:
    """An exception is made where it is raised: one that is kept holds on to all that every request had in hand."""
    kept = []
    for path, module in source_files(*FOLDERS):
        for node in module.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
                name = ast.unparse(node.value.func).rpartition(".")[2]
                if name.endswith(("Error", "Refusal", "Exception")):
                    kept.append(f"{path}:{node.lineno}")
    assert kept == []
