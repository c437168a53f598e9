"""The studio as static files, for any host: `python -m pix2pix.static --output site`.

    index.html, service_worker.js         the page, and what keeps it for visits without a network
    VERSION/                              modules and styles as below `demo/`, and random maps
    models/NAME/HASH.onnx, LICENSE.md     the exported generators, each beside the licence of its weights
    models.json                           what `demo.browser_models` must know of models and runtime
    runtime/onnxruntime-web-X/            what runs them
    LICENSES.txt                          the licences of everything
    .nojekyll                             tells GitHub Pages to serve all files as they are

VERSION is a hash of the page, so a browser never mixes modules of two versions, whatever its cache holds.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory
from typing import Any

from demo.browser_models import MODELS_FILE
from demo.models import MODELS, check_config
from demo.static.contents import SURPRISES, describe_model_file, describe_studio, draw_surprises
from demo.subjects import SUBJECTS, introduce, make_title
from pix2pix.export import export
from pix2pix.release import hash_weights, load_config

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "demo"
NPM_PACKAGE = ROOT / "node_modules" / "onnxruntime-web"
RUNTIME = {
    "wasm": ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"),
    "webgpu": (
        "ort.webgpu.min.mjs",
        "ort-wasm-simd-threaded.asyncify.mjs",
        "ort-wasm-simd-threaded.asyncify.wasm",
    ),
}
"""The files of onnxruntime-web that its two engines need."""
THIRD_PARTIES = "https://github.com/microsoft/onnxruntime/blob/v{version}/ThirdPartyNotices.txt"
MODULES = (
    "comparison",
    "example_gallery",
    "in_browser",
    "label_canvas",
    "model_notes",
    "noise_choice",
    "static",
    "view_choice",
)
"""Folders of `demo/` whose modules the page imports."""
STYLES = (
    "static/theme.css",
    "page.css",
    "small_screens.css",
    "label_canvas/canvas.css",
    "label_canvas/layout.css",
    "label_canvas/controls.css",
    "comparison/comparison.css",
    "view_choice/view_choice.css",
    "noise_choice/noise_choice.css",
    "example_gallery/gallery.css",
    "model_notes/notes.css",
)
WORKER = "service_worker.js"
MAIN = "static/page/main.js"
WORKER_BEGINS = "self.site = "
LICENCES = "LICENSES.txt"


class SiteError(ValueError):
    """The site cannot be written; the message is a sentence for people."""


def write_site(
    folders: Mapping[str, Path], output: Path, sources: Mapping[str, str], surprises: int = SURPRISES
) -> None:
    """Write the site; a site that is there already is replaced as a whole, or not at all.

    What else is in the folder stays, such as the README.md of a Space, or `.git`.

    Args:
        folders: Released folders by "DATASET-OBJECTIVE", both objectives of every dataset.
        sources: Where each of them comes from, in the page's words.
        output: A new or empty folder, or one that this function wrote.
        surprises: Random maps to draw for each dataset.

    Raises:
        ExportError: If an exported model does not compute what PyTorch does.
        OSError: If a file cannot be written.
        ReleaseError: If a released folder cannot be used.
        SiteError: If the folder holds something else, or onnxruntime-web is not installed.
    """
    check_names(folders)
    if output.exists() and any(output.iterdir()) and not _is_site(output):
        raise SiteError(f"{output} is not empty and holds no site; choose another folder.")
    runtime = f"runtime/onnxruntime-web-{_installed_version()}"
    configs = {name: load_config(folder) for name, folder in folders.items()}
    for name, config in configs.items():
        check_config(name, config, str(folders[name]))
    output.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=output.parent, prefix=f".{output.name}-") as temporary:
        site = Path(temporary) / "site"
        for file in (name for names in RUNTIME.values() for name in names):
            _copy(NPM_PACKAGE / "dist" / file, site / runtime / file)
        files = {name: _write_model(folder, site, name) for name, folder in folders.items()}
        datasets = list(dict.fromkeys(config.dataset for config in configs.values()))
        page = site / "page"
        _copy_page(page)
        for dataset in datasets:
            (page / f"surprises-{dataset}.json").write_text(json.dumps(draw_surprises(dataset, surprises)))
        models = {name: describe_model_file(configs[name], files[name], sources[name]) for name in folders}
        studios = [describe_studio(dataset, _of(configs, dataset), _of(models, dataset)) for dataset in datasets]
        title = make_title([SUBJECTS[dataset] for dataset in datasets])
        _write_index(site, page, title, {"runtime": f"{runtime}/", "title": title, "studios": studios})
        _write_models_file(site, runtime, folders, files)
        _write_licences(site, runtime, folders)
        _write_worker(site)
        _swap(site, output)


def check_names(names: Iterable[str]) -> None:
    """Raise SiteError unless these are models of facades or streets."""
    for name in names:
        if name not in MODELS:
            raise SiteError(f"{name} is none of {', '.join(MODELS)}; only app.py has tabs for other names.")


def _is_site(folder: Path) -> bool:
    worker = folder / WORKER
    is_ours = worker.is_file() and worker.read_text(encoding="utf-8", errors="replace").startswith(WORKER_BEGINS)
    return is_ours and (folder / MODELS_FILE).is_file()


def _installed_version() -> str:
    """Return the version of onnxruntime-web in node_modules, which must be that of package.json."""
    if not (ROOT / "package.json").is_file():
        raise SiteError("The site is written from a clone of the project, whose package.json names onnxruntime-web.")
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]["onnxruntime-web"]
    package = NPM_PACKAGE / "package.json"
    found = json.loads(package.read_text())["version"] if package.is_file() else "not installed"
    if found != wanted:
        raise SiteError(
            f"The site needs onnxruntime-web {wanted}, which is {found} in {NPM_PACKAGE.parent}. Run: npm ci"
        )
    return wanted


def _of(models: Mapping[str, Any], dataset: str) -> dict[str, Any]:
    """Return the models of one dataset, by objective."""
    return {name.partition("-")[2]: value for name, value in models.items() if name.startswith(f"{dataset}-")}


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write_model(folder: Path, site: Path, name: str) -> dict[str, Any]:
    """Export a generator, named by its hash; return what the page must know of the file."""
    path, _ = export(folder, site / "models" / name)
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    path = path.rename(path.with_name(f"{sha256[:12]}.onnx"))
    return {"url": path.relative_to(site).as_posix(), "sha256": sha256, "bytes": len(content)}


def _write_models_file(
    site: Path, runtime: str, folders: Mapping[str, Path], files: Mapping[str, Mapping[str, Any]]
) -> None:
    """Write what `app.py --browser-models` reads of the site."""
    sizes = {engine: sum((site / runtime / name).stat().st_size for name in names) for engine, names in RUNTIME.items()}
    models = {name: {**files[name], "weights_sha256": hash_weights(folder)} for name, folder in folders.items()}
    data = {"runtime": {"url": f"{runtime}/", "bytes": sizes}, "models": models}
    (site / MODELS_FILE).write_text(json.dumps(data, indent=1), encoding="utf-8")


def _copy_page(page: Path) -> None:
    """Copy modules as they are, and all styles as one file."""
    for module in [DEMO / "find.js", *(path for folder in MODULES for path in (DEMO / folder).rglob("*.js"))]:
        if module.name != WORKER:
            _copy(module, page / module.relative_to(DEMO))
    styles = "".join((DEMO / style).read_text(encoding="utf-8") for style in STYLES)
    (page / "studio.css").write_text(styles, encoding="utf-8")


def _write_index(site: Path, page: Path, title: str, data: dict[str, Any]) -> None:
    """Write index.html, and name the page's folder by the hash of both."""
    template = Template((DEMO / "static" / "index.html").read_text(encoding="utf-8"))
    modules = _with_imports((page / MAIN).resolve())
    preloaded = sorted(module.relative_to(page.resolve()).as_posix() for module in modules)
    values = {
        "title": escape(title),
        "introduction": introduce(title),
        "data": json.dumps(data).replace("<", "\\u003c"),  # no text in it can end the script element
    }
    content = json.dumps([_hashes(page), values, template.template])
    version = hashlib.sha256(content.encode()).hexdigest()[:12]
    page.rename(site / version)
    preloads = "".join(f'<link rel="modulepreload" href="{version}/{path}">' for path in preloaded)
    index = template.substitute(values, version=version, preloads=preloads)
    (site / "index.html").write_text(index, encoding="utf-8")


def _with_imports(module: Path, found: frozenset[Path] = frozenset()) -> frozenset[Path]:
    """Add a module to those found, and what it imports; the worker's modules are loaded by the worker."""
    if module in found:
        return found
    found |= {module}
    for path in re.findall(r"^(?:import|export|}).* from '(\..*)';$", module.read_text(encoding="utf-8"), re.MULTILINE):
        found = _with_imports((module.parent / path).resolve(), found)
    return found


def _hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of all files below a folder by their paths."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _write_licences(site: Path, runtime: str, folders: Mapping[str, Path]) -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    terms = licence[licence.index("Permission is hereby granted") :]
    parts = [
        f"# The page\n\n{licence}",
        f"# ONNX Runtime Web, in {runtime}\n\nMIT License\n\nCopyright (c) Microsoft Corporation\n\n{terms}\n\n"
        f"What it contains of others: {THIRD_PARTIES.format(version=_installed_version())}",
    ]
    for name in folders:
        note = site / "models" / name / "LICENSE.md"
        parts.append(f"# models/{name}\n\n{note.read_text(encoding='utf-8') if note.is_file() else 'Unknown.'}")
    (site / LICENCES).write_text("\n\n".join(parts), encoding="utf-8")


def _write_worker(site: Path) -> None:
    """Write the service worker, with the hashes of the files that it keeps; model_store.js keeps the models.

    It keeps the page at once, and the rest when it is first used: a licence that is missing must not keep a page away.
    """
    hashes = _hashes(site)
    (find,) = (path for path in hashes if path.endswith("/find.js"))
    version = find.partition("/")[0]
    now = {path: sha256 for path, sha256 in hashes.items() if path.startswith(("index.html", f"{version}/"))}
    later = {path: sha256 for path, sha256 in hashes.items() if path.startswith(("runtime/", LICENCES))}
    source = (DEMO / "static" / WORKER).read_text(encoding="utf-8")
    data = json.dumps({"version": version, "now": now, "later": later})
    (site / WORKER).write_text(f"{WORKER_BEGINS}{data};\n{source}", encoding="utf-8")
    (site / ".nojekyll").touch()


def _swap(site: Path, output: Path) -> None:
    """Replace the old site, which moves to the temporary folder, by the new one; keep files that are not the site's."""
    if output.exists():
        for path in output.iterdir():
            if not _is_written(path):
                (shutil.copytree if path.is_dir() else shutil.copy2)(path, site / path.name)
        output.rename(site.with_name("old"))
    site.rename(output)


def _is_written(path: Path) -> bool:
    """Return whether this is a file or folder of a site, written by this version of the program or an earlier one."""
    names = ("index.html", WORKER, MODELS_FILE, LICENCES, "LICENSES.md", ".nojekyll", "models", "runtime")
    return path.name in names or (path / "find.js").is_file()
