"""The structure is that of docs/modules.md: allowed imports, no circles, no paths that a module should not know."""

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from pix2pix.run_folder import RunFolder

ROOT = Path(__file__).parent.parent
PACKAGES = ("pix2pix", "demo")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def project_files() -> list[Path]:
    """Every Python file of the product, relative to the root."""
    files = [
        ROOT / "app.py",
        ROOT / "train.py",
        *(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")),
    ]
    return sorted(path.relative_to(ROOT) for path in files)


def module_of(path: Path) -> str:
    """pix2pix/release.py → pix2pix.release; demo/label_canvas/__init__.py → demo.label_canvas."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path) for path in project_files()}


def read(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def imports_in(node: ast.AST) -> set[str]:
    """The project's modules that one import statement names; empty for other nodes."""
    found: set[str] = set()
    if isinstance(node, ast.Import):
        found = {alias.name for alias in node.names}
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "relative import; the project writes them in full"
        names = {f"{node.module}.{alias.name}" for alias in node.names}
        found = names if names <= MODULES else names | {node.module or ""}
    return found & MODULES


def imports_of(source: str) -> set[str]:
    """The project's modules that a source file imports, anywhere in it, in any form."""
    return {name for node in ast.walk(ast.parse(source)) for name in imports_in(node)}


def imports_inside_functions(source: str) -> set[str]:
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, FUNCTIONS)]
    return {name for function in functions for node in ast.walk(function) for name in imports_in(node)}


def texts_in(tree: ast.AST) -> Iterator[str]:
    """All string literals, and the literal parts of f-strings, except docstrings."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def path_parts_of(source: str) -> set[str]:
    """String literals on the right of a `/`, as in `folder / "name"`, and the arguments of `Path(...)`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            found |= set(texts_in(node.right))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("Path", "open"):
            found |= {text for argument in node.args for text in texts_in(argument)}
    return {part for text in found for part in text.split("/")}


def table() -> dict[str, set[str]]:
    """Rows of the layout table: path → modules that it may import."""
    rows = {}
    for line in read(Path("docs/modules.md")).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `") and len(cells) == 3 and re.match(r"`[\w/]+(\.py|/)`", cells[0]):
            allowed = {name.strip() for name in cells[2].strip("| ").split(",")} - {"–", ""}
            for path in re.findall(r"`([^`]+)`", cells[0]):
                rows[path] = {name if name in MODULES else full_name(name) for name in allowed}
    return rows


def full_name(name: str) -> str:
    """trainer → pix2pix.trainer; fid.measure → pix2pix.fid.measure."""
    candidates = [f"{package}.{name}" for package in PACKAGES if f"{package}.{name}" in MODULES]
    assert len(candidates) == 1, f"docs/modules.md names {name!r}, which is not one module of the project"
    return candidates[0]


def row_of(path: Path, rows: dict[str, set[str]]) -> str | None:
    """The row of a file: its own, or that of the folder that it is in."""
    return next(
        (row for row in rows if path.as_posix() == row or (row.endswith("/") and path.as_posix().startswith(row))), None
    )


def wrong_arrows(path: Path, source: str, rows: dict[str, set[str]]) -> list[str]:
    row = row_of(path, rows)
    if row is None:
        return [f"{path} is not in the table of docs/modules.md"]
    of_its_own_folder = {name for name in MODULES if row.endswith("/") and f"{name}.".startswith(row.replace("/", "."))}
    return [f"{path} imports {name}" for name in sorted(imports_of(source) - rows[row] - of_its_own_folder)]


def reached_from(module: str) -> set[str]:
    """All modules that are imported in any number of steps."""
    sources = {module_of(path): read(path) for path in project_files()}
    reached, fresh = set(), {module}
    while fresh:
        reached |= fresh
        fresh = {name for module in fresh for name in imports_of(sources[module])} - reached
    return reached


@pytest.mark.parametrize("path", project_files(), ids=str)
def test_a_module_imports_only_what_the_table_allows(path):
    if path.as_posix() in ("pix2pix/__init__.py", "demo/__init__.py"):
        assert imports_of(read(path)) == set()
    else:
        assert wrong_arrows(path, read(path), table()) == []


def test_every_file_and_folder_of_the_table_is_there():
    rows = table()
    assert {"app.py", "train.py", "pix2pix/labels.py", "pix2pix/trainer.py", "demo/app.py"} <= rows.keys()
    assert [row for row in rows if not (ROOT / row).exists()] == []


def test_the_table_has_no_arrow_that_nobody_uses():
    used: dict[str, set[str]] = {row: set() for row in table()}
    for path in project_files():
        if (row := row_of(path, table())) is not None:
            used[row] |= imports_of(read(path))
    assert {row: sorted(allowed - used[row]) for row, allowed in table().items() if allowed - used[row]} == {}


def test_every_form_of_import_is_found():
    for source in (
        "from pix2pix import trainer",
        "from pix2pix import labels, trainer as t",
        "from pix2pix.trainer import Trainer",
        "import pix2pix.trainer",
        "def f():\n    import pix2pix.trainer as t",
    ):
        assert "pix2pix.trainer" in imports_of(source)
        assert wrong_arrows(Path("demo/app.py"), source, {"demo/app.py": {"pix2pix.labels"}}) == [
            "demo/app.py imports pix2pix.trainer"
        ]
        assert imports_inside_functions(source) == (imports_of(source) if source.startswith("def") else set())
    assert imports_of("import os, torch\nfrom pathlib import Path") == set()
    assert imports_of("from pix2pix.data import cityscapes, SPLITS") == {"pix2pix.data", "pix2pix.data.cityscapes"}


def circle_among(imports: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_no_modules_import_one_another_in_a_circle():
    """Imports inside functions count too: they hide a circle, and do not remove it."""
    assert circle_among({module_of(path): imports_of(read(path)) for path in project_files()}) == []
    hidden = {"a": {"pix2pix.release"}, "pix2pix.release": imports_of("def f():\n    import pix2pix.painter")}
    assert circle_among(hidden | {"pix2pix.painter": {"pix2pix.release"}}) != []


def test_only_publishing_is_imported_inside_functions():
    """Few runs are published, and publishing imports painting and reports; all else is imported at the top."""
    found = {path.as_posix(): imports_inside_functions(read(path)) for path in project_files()}
    publishing = {"pix2pix.publish", "pix2pix.publish.push"}
    assert {path: names for path, names in found.items() if names} == {"train.py": publishing}


def test_the_demo_reaches_no_training_code_in_any_number_of_steps():
    training = {"trainer", "config", "losses", "checkpoint", "run_config", "launch", "dry_run", "init_from", "publish"}
    training |= {"data.dataset", "data.facades", "data.fetch", "data.cityscapes", "data.jitter"}
    training |= {"fid.distances", "fid.inception", "fid.evaluator", "fid.scoring"}
    assert {f"pix2pix.{name}" for name in training} <= MODULES
    reached = reached_from("app")
    assert "pix2pix.painter" in reached
    assert not reached & {"train", *(f"pix2pix.{name}" for name in training)}


def test_the_trainer_reaches_no_files_and_no_scores_in_any_number_of_steps():
    reached = reached_from("pix2pix.trainer")
    assert "pix2pix.networks" in reached
    unknown = {"files", "release", "run_folder", "run_config", "checkpoint", "trackers", "launch", "data"}
    unknown |= {"pixel_values"}
    assert {f"pix2pix.{name}" for name in unknown} <= MODULES
    assert not {name for name in reached if name.startswith("pix2pix.fid")}
    assert not reached & {f"pix2pix.{name}" for name in unknown}


def test_the_evaluator_knows_no_training_in_any_number_of_steps():
    reached = reached_from("pix2pix.fid.evaluator")
    assert "pix2pix.fid.inception" in reached
    assert not reached & {f"pix2pix.{name}" for name in ("trainer", "config", "run_folder", "run_config", "release")}


NAMES_OF_A_RUN = {path.name for path in vars(RunFolder(Path("run"))).values()} - {"run"} | {"weights", "samples"}
SHARED_NAMES = {"config.json"}
"""A released folder has a file of this name too."""


@pytest.mark.parametrize("path", [path for path in project_files() if path.parts[0] != "demo"], ids=str)
def test_only_the_run_folder_spells_the_names_in_a_run_folder(path):
    distinctive = {name for name in NAMES_OF_A_RUN - SHARED_NAMES if re.search(r"[.-]", name)}
    assert {"checkpoint.pt", "log.jsonl", "evaluation.jsonl", "release-best"} <= distinctive
    if path.as_posix() != "pix2pix/run_folder.py":
        assert [text for text in texts_in(ast.parse(read(path))) if any(name in text for name in distinctive)] == []
        assert path_parts_of(read(path)) & (NAMES_OF_A_RUN - SHARED_NAMES) == set()


@pytest.mark.parametrize("path", [path for path in project_files() if path.parts[0] == "pix2pix"], ids=str)
def test_pix2pix_spells_no_path_into_the_demo(path):
    assert [text for text in texts_in(ast.parse(read(path))) if re.search(r"(^|[\s/\\.'\"])demo([/\\.]|$)", text)] == []


def test_names_and_paths_are_found_however_they_are_spelt():
    source = (
        '"""docstring demo/x"""\na = root / "weights" / f"{name}.x"\nb = Path("demo/examples")\nc = f"{x}/log.jsonl"'
    )
    assert {"weights", ".x", "demo", "examples"} <= path_parts_of(source)
    assert "weights" in path_parts_of('Path(folder, "weights")')
    assert [text for text in texts_in(ast.parse(source)) if "log.jsonl" in text] == ["/log.jsonl"]
    assert not any("docstring" in text for text in texts_in(ast.parse(source)))


SCRIPTS = sorted(path for package in PACKAGES for kind in ("js", "css") for path in (ROOT / package).rglob(f"*.{kind}"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_line_of_a_script_or_style_has_more_than_120_columns(path):
    """Biome wraps their code, but no comments; ruff looks at Python."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 120 and "data:image" not in line] == []
