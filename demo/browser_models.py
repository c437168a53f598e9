"""Models that the visitors' browsers may paint with: those of a site that `python -m pix2pix.static` wrote."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.models import Model, by_dataset, painters_of

MODELS_FILE = "models.json"
VARIABLE = "PIX2PIX_BROWSER_MODELS"
BROWSER_FILES = "/in_browser"
"""Path that the files are served below."""
FOLDERS = ("models", "runtime")
"""Folders of a site that are served; its page is not."""


class BrowserModelsError(ValueError):
    """The site cannot be used; the message is a sentence for people."""


@dataclass(frozen=True)
class BrowserModels:
    """The models and the runtime of a site.

    Attributes:
        site: Its folder.
        runtime: Of onnxruntime-web: "url" of the folder below the site, "bytes" by engine, "wasm" and "webgpu".
        files: By model: "url" below the site, "sha256" and "bytes" of the file, "weights_sha256" of the release.
    """

    site: Path
    runtime: Mapping[str, Any]
    files: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, site: Path, models: Mapping[str, Model]) -> "BrowserModels":
        """Read a site's list of its models, and check that their files are there.

        Args:
            site: A folder.
            models: Those of the page.

        Raises:
            BrowserModelsError: If it is no such site, is incomplete, or is of other models than the page.
        """
        try:
            data = json.loads((site / MODELS_FILE).read_text(encoding="utf-8"))
            runtime, files = data["runtime"], data["models"]
            sizes = {file["url"]: file["bytes"] for file in files.values()}
            is_complete = bool(files) and all((site / path).stat().st_size == size for path, size in sizes.items())
            known = {key: runtime[key] for key in ("url", "bytes")}
            found = sum(file.stat().st_size for file in (site / known["url"]).iterdir())
            is_complete &= found == sum(known["bytes"].values())
            is_complete &= all(file["sha256"] and file["weights_sha256"] for file in files.values())
        except FileNotFoundError as error:
            missing = Path(str(error.filename))
            raise BrowserModelsError(f"{missing} is missing; {_advice(site)}") from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BrowserModelsError(f"{site} is no site whose models can be used; {_advice(site)}") from error
        if not is_complete:
            raise BrowserModelsError(f"{site} is damaged; {_advice(site)}")
        read = cls(site, known, files)
        read._check(models)
        return read

    def _check(self, models: Mapping[str, Model]) -> None:
        """Raise BrowserModelsError if the page paints with other weights than the site, or with none of its models."""
        pairs = [pair for pair in by_dataset(models).values() if self.knows(pair)]
        if not pairs:
            raise BrowserModelsError(f"{self.site} has the models of no tab of this page; {_advice(self.site)}")
        for model in (model for pair in pairs for model in pair.values()):
            if model.painter and not model.wanted and not self._is_same(model):
                raise BrowserModelsError(
                    f"{self.site} has other weights of {model.name} than this page; {_advice(self.site)}"
                )

    def files_of(self, models: Mapping[str, Model]) -> dict[str, dict[str, Any]] | None:
        """Return the files of a tab's models by objective; None unless they have the weights that the page paints with.

        Args:
            models: Both models of the tab, by objective.
        """
        if painters_of(models) is None or not self.knows(models):
            return None
        if not all(self._is_same(model) for model in models.values()):
            return None
        keys = ("url", "sha256", "bytes")
        return {objective: {key: self.files[model.name][key] for key in keys} for objective, model in models.items()}

    def knows(self, pair: Mapping[str, Model]) -> bool:
        """Tell whether there are models of these names, by objective, whatever their weights are."""
        return len(pair) > 1 and all(model.name in self.files for model in pair.values())

    def _is_same(self, model: Model) -> bool:
        painter = model.painter
        return painter is not None and painter.weights_sha256 == self.files[model.name]["weights_sha256"]


def _advice(site: Path) -> str:
    return f"write it with the page's --weights, if it has any: python -m pix2pix.static --output {site}"
