"""Released folders from the Hugging Face Hub. Everything that comes from there is checked before it is used.

`python -m pix2pix.hub pull` downloads a model. huggingface_hub does the transfers and keeps the cache, and reads
`HF_HOME`, `HF_ENDPOINT`, `HF_TOKEN` and `HF_HUB_OFFLINE`.
"""

import errno
import hashlib
import logging
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import HfApi, hf_hub_download, try_to_load_from_cache
from huggingface_hub.hf_api import RepoSibling
from huggingface_hub.utils import tqdm

from pix2pix.hub.model import HubError, HubModel, UnreachableError, explaining
from pix2pix.networks import PatchGAN, UNet
from pix2pix.release import (
    DISCRIMINATOR,
    WEIGHTS,
    ReleaseConfig,
    ReleaseError,
    epoch_of,
    load_config,
    load_weights,
    spread,
)
from pix2pix.run_folder import is_run_without_release, release_inside

FILES = ("config.json", WEIGHTS)
"""The files that a model needs. `epochs/epoch-NNN.safetensors` are read too if present, and nothing else."""
MAX_CONFIG_BYTES = 1_000_000
MAX_HEADER_BYTES = 1_000_000
"""Maximum size of a safetensors header, which holds names and shapes."""
READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
"""Errors of a cache that can be read but not written."""
ANSWER_SECONDS = 10.0
"""Timeout of the Hub's first answer. Later, huggingface_hub waits `HF_HUB_DOWNLOAD_TIMEOUT`, 10 seconds too."""

# The error that follows says so in a sentence.
warnings.filterwarnings("ignore", "Not enough free disk space", module="huggingface_hub")

Report = Callable[[int, int], None]
"""Called with the number of bytes downloaded so far and the total."""


def cached(model: HubModel) -> Path | None:
    """Return the folder that an earlier pull left in the cache, or None; this needs no network."""
    paths = [try_to_load_from_cache(model.repo, name, revision=model.revision) for name in FILES]
    return Path(paths[0]).parent if all(isinstance(path, str) for path in paths) else None  # type: ignore[arg-type]


def pull(model: HubModel) -> Path:
    """Find a released folder in the cache or on the Hub.

    A commit that is in the cache needs no network. A branch or tag is looked up on the Hub; if the Hub does not answer,
    or the cache can only be read, the commit of the last pull is used.

    Returns:
        The folder in the cache, named by its commit.

    Raises:
        HubError: If the download fails; one sentence says why and what to do.
        ReleaseError: If the repository holds no released folder that this program can use.
    """
    folder = cached(model)
    if folder and model.pinned:
        return folder
    try:
        return fetch(model)
    except HubError as error:
        is_read_only = isinstance(error.__cause__, OSError) and error.__cause__.errno in READ_ONLY
        if folder is None or not (isinstance(error, UnreachableError) or is_read_only):
            raise
        logging.getLogger(__name__).warning("%s; using commit %s from the cache", error, folder.name[:7])
        return folder


def locate(source: Path | str, discriminator: bool = False) -> Path:
    """Find the released folder that a person means.

    Args:
        source: A released folder; a run folder, whose `release/` is used; or, if there is no such folder, a model on
            the Hub, "owner/name" or "owner/name@revision".
        discriminator: Whether to fetch D's weights too, if the model has them.

    Raises:
        ReleaseError: If a model on the Hub cannot be downloaded, or a run has no release yet; one sentence says why and
            what to do.
    """
    folder = Path(source)
    if isinstance(source, str) and "/" in source and not folder.is_dir():
        try:
            folder = pull(HubModel.parse(source))
            if discriminator:
                fetch_discriminator(HubModel.parse(source), folder)
        except HubError as error:  # a mistyped folder can look like a repository
            raise HubError(f"{error} (and there is no folder {source})") from error
    if is_run_without_release(folder):
        raise ReleaseError(
            f"{folder} is a training run without a release; it gets one when its first epoch is finished"
        )
    return release_inside(folder) or folder


def fetch_discriminator(model: HubModel, folder: Path) -> None:
    """Add D's weights to a folder that `pull` returned, if the commit has them.

    Raises:
        HubError: If they cannot be downloaded or do not fit; one sentence says why and what to do.
    """
    commit = HubModel(model.repo, folder.name)
    if try_to_load_from_cache(commit.repo, DISCRIMINATOR, revision=commit.revision) is not None:
        return  # the file, or the cache's mark that this commit has none
    with explaining(commit):
        file = _list_files(commit)[1].get(DISCRIMINATOR)
        if file is None:
            return
        config = load_config(folder)
        with torch.device("meta"):
            _check_size(commit, file, PatchGAN(config.base_channels, config.norm))
        _check_sum(commit, Path(hf_hub_download(commit.repo, DISCRIMINATOR, revision=commit.revision)), file)


def fetch(model: HubModel, report: Report | None = None) -> Path:
    """Download what the cache lacks of a released folder. All sizes are checked before any weights are downloaded.

    Args:
        model: What to download.
        report: Gets the progress, in this thread, instead of a progress bar in the terminal.

    Returns:
        The folder in the cache, named by its commit. Its files are complete and fit each other.

    Raises:
        HubError: If the download fails; one sentence says why and what to do.
        ReleaseError: If the repository holds no released folder that this program can use.
    """
    with explaining(model):
        commit, files = _list_files(model)
        folder, config = _fetch_config(model, commit, files)
        # The released weights come last: with them, the folder counts as complete.
        names = [*_epoch_files(files, config.epochs), WEIGHTS]
        with torch.device("meta"):
            generator = UNet(config.base_channels, config.norm)
        for name in names:
            _check_size(model, files[name], generator)
        sizes = [files[name].size or 0 for name in names]
        for number, name in enumerate(names):
            progress = _reporting(report, sum(sizes[:number]), sum(sizes)) if report else None
            weights = Path(hf_hub_download(model.repo, name, revision=commit, tqdm_class=progress))
            _check_sum(model, weights, files[name])
            load_weights(weights, config.base_channels, config.norm)
        if not model.pinned:  # huggingface_hub records a branch's commit only for downloads by the branch's name
            reference = folder.parents[1] / "refs" / model.revision
            if not reference.is_file() or reference.read_text() != commit:  # the cache may be read-only
                reference.parent.mkdir(parents=True, exist_ok=True)
                reference.write_text(commit)
        return folder


def _list_files(model: HubModel) -> tuple[str, dict[str, RepoSibling]]:
    """Return the commit that a revision stands for, and its files by path."""
    info = HfApi().model_info(model.repo, revision=model.revision, files_metadata=True, timeout=ANSWER_SECONDS)
    return str(info.sha), {file.rfilename: file for file in info.siblings or []}


def _fetch_config(model: HubModel, commit: str, files: dict[str, RepoSibling]) -> tuple[Path, ReleaseConfig]:
    if missing := [name for name in FILES if name not in files]:
        raise HubError(f"{model} is no released pix2pix model: it has no {missing[0]}")
    if not 0 < (files["config.json"].size or 0) <= MAX_CONFIG_BYTES:
        raise HubError(f"{model} has a config.json of {files['config.json'].size} bytes; a real one has a few thousand")
    folder = Path(hf_hub_download(model.repo, "config.json", revision=commit)).parent
    return folder, load_config(folder)


def _epoch_files(names: Iterable[str], epochs: int) -> list[str]:
    """Return the files with weights of the earlier epochs that are shown."""
    inside = [name for name in names if name.startswith("epochs/")]
    found = {epoch: name for name in inside if (epoch := epoch_of(name.removeprefix("epochs/"))) is not None}
    shown = spread([*(epoch for epoch in found if epoch < epochs), epochs])
    return [found[epoch] for epoch in shown[:-1]]


def _check_size(model: HubModel, file: RepoSibling, network: torch.nn.Module) -> None:
    values = sum(weight.numel() for weight in network.state_dict().values())
    smallest, largest = 2 * values, 4 * values + MAX_HEADER_BYTES
    if not smallest < (file.size or 0) <= largest:
        raise HubError(
            f"{model} does not fit its config.json: {file.rfilename} has {file.size or 0} bytes, "
            f"where {values} weights take {smallest} to {largest}"
        )


def _check_sum(model: HubModel, weights: Path, listed: RepoSibling) -> None:
    """Compare a large file with the Hub's checksum; delete a damaged one, so that the next pull downloads it again."""
    with weights.open("rb") as file:
        if listed.lfs is None or hashlib.file_digest(file, "sha256").hexdigest() == listed.lfs.sha256:
            return
    weights.resolve().unlink()
    weights.unlink(missing_ok=True)
    raise HubError(f"{model.repo}: {listed.rfilename} arrived damaged: its checksum is not the Hub's; pull again")


def _reporting(report: Report, before: int, size: int) -> type[tqdm]:
    """Make a progress bar that draws nothing and calls `report`; `before` of all `size` bytes are in other files."""

    class Reporting(tqdm):
        def __init__(self, *arguments: Any, **keywords: Any) -> None:
            super().__init__(*arguments, **keywords | {"disable": True})
            self.done = before + int(keywords.get("initial") or 0)
            report(self.done, size)

        def update(self, n: float | None = 1) -> bool | None:
            self.done += int(n or 0)
            report(self.done, size)
            return None

    return Reporting
