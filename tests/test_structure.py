"""The arrows between modules are those of the table in docs/design.md: the demo never pulls in training code."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("pix2pix", "demo")


def project_files() -> list[Path]:
    """Every Python file of the product, relative to the root."""
    files = [
        ROOT / "app.py",
        ROOT / "train.py",
        *(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")),
    ]
    return sorted(path.relative_to(ROOT) for path in files)


def module_of(path: Path) -> str:
    """pix2pix/data.py → pix2pix.data; demo/label_canvas/__init__.py → demo.label_canvas."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path) for path in project_files()}


def imports_of(source: str) -> set[str]:
    """The project's modules that a source file imports, anywhere in it; both forms of import."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import; the project writes them in full"
            of_names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= of_names & MODULES or {node.module or ""}
    return {name for name in found if name in MODULES}


def table() -> dict[str, set[str]]:
    """Rows of the layout table: path → modules that it may import."""
    rows = {}
    for line in (ROOT / "docs" / "design.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `") and len(cells) == 3 and re.match(r"`[\w/]+(\.py|/)`", cells[0]):
            allowed = {name.strip() for name in cells[2].strip("| ").split(",")} - {"–", ""}
            for path in re.findall(r"`([^`]+)`", cells[0]):
                rows[path] = {name if name in MODULES else full_name(name) for name in allowed}
    return rows


def full_name(name: str) -> str:
    candidates = [f"{package}.{name}" for package in PACKAGES if f"{package}.{name}" in MODULES]
    assert len(candidates) == 1, f"docs/design.md names {name!r}, which is not one module of the project"
    return candidates[0]


def row_of(path: Path, rows: dict[str, set[str]]) -> str | None:
    """The row of a file: its own, or that of the folder that it is in."""
    return next(
        (row for row in rows if path.as_posix() == row or (row.endswith("/") and path.as_posix().startswith(row))), None
    )


def wrong_arrows(path: Path, source: str, rows: dict[str, set[str]]) -> list[str]:
    row = row_of(path, rows)
    if row is None:
        return [f"{path} is not in the table of docs/design.md"]
    of_its_own_folder = {
        name for name in MODULES if row.endswith("/") and name.startswith(row.strip("/").replace("/", "."))
    }
    return [f"{path} imports {name}" for name in sorted(imports_of(source) - rows[row] - of_its_own_folder)]


@pytest.mark.parametrize("path", project_files(), ids=str)
def test_a_module_imports_only_what_the_table_allows(path):
    source = (ROOT / path).read_text(encoding="utf-8")
    if path.as_posix() in ("pix2pix/__init__.py", "demo/__init__.py"):
        assert imports_of(source) == set()
    else:
        assert wrong_arrows(path, source, table()) == []


def test_every_file_and_folder_of_the_table_is_there():
    rows = table()
    assert {"app.py", "train.py", "pix2pix/labels.py", "pix2pix/trainer.py", "demo/app.py"} <= rows.keys()
    assert [row for row in rows if not (ROOT / row).exists()] == []


def test_the_table_has_no_arrow_that_nobody_uses():
    used: dict[str, set[str]] = {row: set() for row in table()}
    for path in project_files():
        if (row := row_of(path, table())) is not None:
            used[row] |= imports_of((ROOT / path).read_text(encoding="utf-8"))
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
    assert imports_of("import os, torch\nfrom pathlib import Path") == set()


def test_the_demo_reaches_no_training_code_in_any_number_of_steps():
    sources = {module_of(path): (ROOT / path).read_text(encoding="utf-8") for path in project_files()}
    reached, fresh = set(), {"app"}
    while fresh:
        reached |= fresh
        fresh = {name for module in fresh for name in imports_of(sources[module])} - reached
    assert "pix2pix.painter" in reached
    assert not reached & {
        "train",
        *(f"pix2pix.{name}" for name in ("trainer", "losses", "data", "download", "checkpoint", "run_folder")),
    }
