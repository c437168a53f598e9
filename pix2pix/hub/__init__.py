"""Released folders from the Hugging Face Hub; what comes from there is checked like anything from outside.

`python -m pix2pix.hub` pulls and pushes. `HF_HOME`, `HF_ENDPOINT`, `HF_TOKEN` and `HF_HUB_OFFLINE` mean what they mean to
huggingface_hub, which does the transfers and keeps the cache.
"""

import errno
import hashlib
import logging
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import torch
from huggingface_hub import HfApi, constants, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoSibling
from huggingface_hub.utils import HFValidationError, tqdm, validate_repo_id

from pix2pix.networks import PatchGAN, UNet
from pix2pix.release import DISCRIMINATOR, ReleaseConfig, ReleaseError, epoch_of, load_config, load_weights, spread
from pix2pix.run_folder import release_inside

FILES = ("config.json", "model.safetensors")
"""What is read of a repository, with `epochs/epoch-NNN.safetensors` where it has such; whatever else it holds is not."""
MAX_CONFIG_BYTES = 1_000_000
MAX_HEADER_BYTES = 1_000_000
"""Of a safetensors file: names and shapes before the weights."""
ANSWER_SECONDS = 10.0
"""How long to wait for the Hub's first answer. Between two pieces of a file, huggingface_hub waits `HF_HUB_DOWNLOAD_TIMEOUT`, 10 too."""

warnings.filterwarnings(
    "ignore", "Not enough free disk space", module="huggingface_hub"
)  # the error that follows says it in a sentence

Report = Callable[[int, int], None]
"""Called with the bytes that are there and those that will be."""


class HubError(ReleaseError):
    """What the Hub did not give or take; the message names the repository and says what to do."""


class UnreachableError(HubError):
    """The Hub cannot be asked now."""


@dataclass(frozen=True)
class HubModel:
    """A released folder on the Hub.

    Attributes:
        repo: "owner/name".
        revision: A branch, a tag or a commit of 40 digits.
    """

    repo: str
    revision: str = "main"

    @classmethod
    def parse(cls, text: str) -> "HubModel":
        """Reads "owner/name" or "owner/name@revision".

        Raises:
            HubError: If it is something else.
        """
        repo, at, revision = text.partition("@")
        try:
            validate_repo_id(repo)
        except HFValidationError:
            repo = ""
        if repo.count("/") != 1 or (at and not re.fullmatch(r"\w[\w./-]*", revision)) or ".." in revision:
            raise HubError(f"{text!r} is neither a folder nor of the form owner/name or owner/name@revision")
        return cls(repo, revision or "main")

    @property
    def pinned(self) -> bool:
        """Whether it can never change, so that a copy in the cache is all there is to know."""
        return re.fullmatch("[0-9a-f]{40}", self.revision) is not None

    def __str__(self) -> str:
        return f"{self.repo}@{self.revision[:7] if self.pinned else self.revision}"


def cached(model: HubModel) -> Path | None:
    """The folder that an earlier pull left in the cache, None without one; asks nobody."""
    paths = [try_to_load_from_cache(model.repo, name, revision=model.revision) for name in FILES]
    return Path(paths[0]).parent if all(isinstance(path, str) for path in paths) else None  # type: ignore[arg-type]


def pull(model: HubModel) -> Path:
    """Finds a released folder in the cache or on the Hub.

    A commit is taken from the cache without asking anybody. Of a branch or tag the Hub is asked for the newest commit; where it cannot
    be asked, the last one that was pulled is taken.

    Returns:
        The folder in the cache, named by its commit.

    Raises:
        HubError: If it cannot be had; one sentence says why and what to do.
        ReleaseError: If what is there is no released folder that this program can use.
    """
    folder = cached(model)
    if folder and model.pinned:
        return folder
    try:
        return fetch(model)
    except UnreachableError as error:
        if folder is None:
            raise
        logging.getLogger(__name__).warning("%s; commit %s from the cache is used", error, folder.name[:7])
        return folder


def locate(source: Path | str, discriminator: bool = False) -> Path:
    """Finds the released folder that a person means.

    Args:
        source: A released folder; a run folder, whose `release/` is taken; or, where there is no such folder, a model on the
            Hub, "owner/name" or "owner/name@revision".
        discriminator: Whether D's weights are needed too, where the model has them.

    Raises:
        ReleaseError: If a model on the Hub cannot be fetched; one sentence says why and what to do.
    """
    folder = Path(source)
    if isinstance(source, str) and "/" in source and not folder.is_dir():
        try:
            folder = pull(HubModel.parse(source))
            if discriminator:
                fetch_discriminator(HubModel.parse(source), folder)
        except HubError as error:  # a mistyped folder can look like a repository
            raise HubError(f"{error} (and there is no folder {source})") from error
    return release_inside(folder) or folder


def fetch_discriminator(model: HubModel, folder: Path) -> None:
    """Adds D's weights to a folder that `pull` returned, where the commit has them.

    Raises:
        HubError: If they cannot be fetched, or do not fit; one sentence says why and what to do.
    """
    commit = HubModel(model.repo, folder.name)
    if try_to_load_from_cache(commit.repo, DISCRIMINATOR, revision=commit.revision) is not None:
        return  # the file, or the mark that this commit has none
    try:
        info = HfApi().model_info(commit.repo, revision=commit.revision, files_metadata=True, timeout=ANSWER_SECONDS)
        file = next((file for file in info.siblings or [] if file.rfilename == DISCRIMINATOR), None)
        if file is None:
            return
        config = load_config(folder)
        with torch.device("meta"):
            _check_size(commit, DISCRIMINATOR, file.size or 0, PatchGAN(config.base_channels, config.norm))
        _check_sum(commit, Path(hf_hub_download(commit.repo, DISCRIMINATOR, revision=commit.revision)), file)
    except (OSError, RuntimeError, httpx2.HTTPError) as error:
        raise _in_words(error, commit) from error


def fetch(model: HubModel, report: Report | None = None) -> Path:
    """Asks the Hub for a released folder, and fetches what the cache does not have of it.

    Args:
        model: What to fetch.
        report: Told of the progress, in this thread, instead of a bar in the terminal.

    Returns:
        The folder in the cache, named by its commit. Its files are complete and fit each other.

    Raises:
        HubError: If it cannot be had; one sentence says why and what to do.
        ReleaseError: If what is there is no released folder that this program can use.
    """
    try:
        return _download(model, report)
    except (
        OSError,
        RuntimeError,
        httpx2.HTTPError,
    ) as error:  # a RuntimeError is what hf_xet has for all that can go wrong
        raise _in_words(error, model) from error


def _download(model: HubModel, report: Report | None) -> Path:
    """Every size is known and every claim checked before the weights are fetched."""
    info = HfApi().model_info(model.repo, revision=model.revision, files_metadata=True, timeout=ANSWER_SECONDS)
    commit = str(info.sha)
    files = {file.rfilename: file for file in info.siblings or []}
    if missing := [name for name in FILES if name not in files]:
        raise HubError(f"{model} is no released pix2pix model: it has no {missing[0]}")
    if not 0 < (files["config.json"].size or 0) <= MAX_CONFIG_BYTES:
        raise HubError(f"{model} has a config.json of {files['config.json'].size} bytes; a real one has a few thousand")
    folder = Path(hf_hub_download(model.repo, "config.json", revision=commit)).parent
    config = load_config(folder)
    names = [
        *_epoch_files(files, config.epochs),
        "model.safetensors",
    ]  # this one last: with it, the folder counts as complete
    sizes = [files[name].size or 0 for name in names]
    _check_sizes(model, config, dict(zip(names, sizes, strict=True)))
    for number, name in enumerate(names):
        progress = _reporting(report, sum(sizes[:number]), sum(sizes)) if report else None
        weights = Path(hf_hub_download(model.repo, name, revision=commit, tqdm_class=progress))
        _check_sum(model, weights, files[name])
        load_weights(weights, config.base_channels, config.norm)
    if not model.pinned:  # huggingface_hub notes what a branch stands for only where it is asked for the branch
        reference = folder.parents[1] / "refs" / model.revision
        reference.parent.mkdir(parents=True, exist_ok=True)
        reference.write_text(commit)
    return folder


def _epoch_files(names: Iterable[str], epochs: int) -> list[str]:
    """Those of the weights of earlier epochs that are shown."""
    inside = [name for name in names if name.startswith("epochs/")]
    found = {epoch: name for name in inside if (epoch := epoch_of(name.removeprefix("epochs/"))) is not None}
    shown = spread([*(epoch for epoch in found if epoch < epochs), epochs])
    return [found[epoch] for epoch in shown[:-1]]


def _check_sizes(model: HubModel, config: ReleaseConfig, sizes: Mapping[str, int]) -> None:
    with torch.device("meta"):
        generator = UNet(config.base_channels, config.norm)
    for name, size in sizes.items():
        _check_size(model, name, size, generator)


def _check_size(model: HubModel, name: str, size: int, network: torch.nn.Module) -> None:
    values = sum(weight.numel() for weight in network.state_dict().values())
    if not 2 * values < size <= 4 * values + MAX_HEADER_BYTES:
        raise HubError(
            f"{model} does not fit its config.json: {name} has {size} bytes, where {values} weights take "
            f"{2 * values} to {4 * values + MAX_HEADER_BYTES}"
        )


def _check_sum(model: HubModel, weights: Path, told: RepoSibling) -> None:
    """Compares with the checksum that the Hub has for large files; removes a file that differs, so that the next pull fetches it anew."""
    with weights.open("rb") as file:
        if told.lfs is None or hashlib.file_digest(file, "sha256").hexdigest() == told.lfs.sha256:
            return
    weights.resolve().unlink()
    weights.unlink(missing_ok=True)
    raise HubError(f"{model.repo}: {told.rfilename} arrived damaged: its checksum is not the Hub's; pull again")


def _reporting(report: Report, before: int, size: int) -> type[tqdm]:
    """A progress bar that draws nothing and tells `report` instead: of `size` bytes in all, `before` of other files are there."""

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


def _in_words(error: Exception, model: HubModel) -> HubError:
    is_answer = isinstance(error, HfHubHTTPError) and error.response.status_code < 500
    is_silence = isinstance(error, httpx2.HTTPError | LocalEntryNotFoundError | OfflineModeIsEnabled)
    return (UnreachableError if is_silence and not is_answer else HubError)(explain(error, model))


def explain(error: Exception, model: HubModel) -> str:
    """One sentence about what kept the Hub from giving or taking a model."""
    hub = constants.ENDPOINT
    match error:
        case OfflineModeIsEnabled():
            return f"{model} is not asked for, as HF_HUB_OFFLINE is set: unset it, or pull once with a connection"
        case GatedRepoError():
            return (
                f"{model.repo} is gated: accept its conditions at {hub}/{model.repo}, then log in with: hf auth login"
            )
        case RepositoryNotFoundError():
            return f"{hub} has no model {model.repo}, or it is private: check the name, or log in with: hf auth login"
        case RevisionNotFoundError():
            return f"{model.repo} has no revision {model.revision!r}; {hub}/{model.repo}/commits/main lists them"
        case HfHubHTTPError(response=response):
            return f"{hub} answered {response.status_code} for {model.repo}: try again later"
        case httpx2.HTTPError() | LocalEntryNotFoundError():
            return f"{hub} cannot be reached for {model.repo}: check the connection and try again"
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return f"no space is left for {model.repo} in {constants.HF_HUB_CACHE}: free some, or set HF_HOME to a folder on another disk"
        case RuntimeError():
            return f"{model.repo} could not be fetched, pull again: {error}"
        case OSError() if "Consistency check" in str(error):
            return f"{model.repo} arrived incomplete: pull again"
        case _:
            return f"{model.repo} cannot be kept in {constants.HF_HUB_CACHE}, set HF_HOME to a folder that can be written: {error}"
