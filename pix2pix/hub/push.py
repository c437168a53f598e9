"""Publishes a released folder on the Hugging Face Hub."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
from huggingface_hub import HfApi, constants, get_token
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

from pix2pix.hub import HubError, HubModel, explain
from pix2pix.hub.card import pack


@dataclass(frozen=True)
class Pushed:
    """What the repository holds after a push: a commit, and whether the push made it."""

    model: HubModel
    is_new: bool


def check_token(model: HubModel) -> None:
    """Raises HubError unless there is a token to push with; asks nobody."""
    if get_token() is None:
        raise HubError(
            f"there is no token to push {model.repo} with: log in with: hf auth login, or set HF_TOKEN to one that may write"
        )


def push(
    folder: Path, model: HubModel, private: bool = False, message: str | None = None, epochs: Sequence[int] = ()
) -> Pushed:
    """Packs a released folder and uploads what has changed; makes the repository and the branch where they are missing.

    Args:
        folder: A released folder; one in a run folder is published with the run's curves and scores.
        model: Where to; the revision is a branch.
        private: Whether a repository that is made now can be seen by its owner only.
        message: Of the commit.
        epochs: Earlier ones whose weights are published too.

    Raises:
        HubError: If the Hub does not take it; one sentence says why and what to do.
        ReleaseError: If the folder cannot be used.
        ReportError: If the run folder around it is broken.
    """
    check_token(model)
    api = HfApi()
    with TemporaryDirectory() as temporary:
        packed = Path(temporary)
        pack(folder, packed, model.repo, epochs)
        try:
            api.create_repo(model.repo, private=private or None, exist_ok=True)
            if model.revision != "main":
                api.create_branch(model.repo, branch=model.revision, exist_ok=True)
            before = api.model_info(model.repo, revision=model.revision).sha
            commit = api.upload_folder(
                repo_id=model.repo,
                folder_path=packed,
                revision=model.revision,
                commit_message=message or "Upload of a released folder",
                delete_patterns="epochs/*",  # those of an earlier push, which may be of another training
            )
        except (
            OSError,
            RuntimeError,
            httpx2.HTTPError,
        ) as error:  # a RuntimeError is what hf_xet has for all that can go wrong
            raise HubError(_explain_refusal(error, model)) from error
    return Pushed(HubModel(model.repo, commit.oid), commit.oid != before)


def _explain_refusal(error: Exception, model: HubModel) -> str:
    if isinstance(error, PermissionError) or (
        isinstance(error, HfHubHTTPError) and error.response.status_code in (401, 403)
    ):
        return (
            f"the token may not write to {model.repo} on {constants.ENDPOINT}: log in with one that may: hf auth login"
        )
    if isinstance(error, HfHubHTTPError | httpx2.HTTPError | OfflineModeIsEnabled):
        return explain(error, model)
    return f"{model.repo} could not be uploaded, push again: {error}"
