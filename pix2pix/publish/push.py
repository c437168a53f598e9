"""Upload a released folder to the Hugging Face Hub."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

from pix2pix.hub import HubModel
from pix2pix.hub.model import explain, explaining
from pix2pix.publish import check_token
from pix2pix.publish.pack import OPTIONAL_FILES, pack
from pix2pix.surroundings import in_words


@dataclass(frozen=True)
class Pushed:
    """What the repository holds after a push: a commit, and whether the push made it."""

    model: HubModel
    is_new: bool


def push(
    folder: Path,
    model: HubModel,
    private: bool = False,
    message: str | None = None,
    epochs: Sequence[int] = (),
    maps: Path | None = None,
) -> Pushed:
    """Pack a released folder and upload what has changed; create the repository and the branch if they are missing.

    Args:
        folder: A released folder. One in a run folder is published with the run's curves and scores.
        model: The repository; its revision is a branch.
        private: Whether a new repository is visible to its owner only.
        message: Commit message.
        epochs: Earlier epochs whose weights are published too.
        maps: Label maps for the card's samples; see `pack`.

    Raises:
        HubError: If the upload fails; one sentence says why and what to do.
        ReleaseError: If the folder cannot be used.
        ReportError: If the run folder around it is damaged.
    """
    check_token(model)
    api = HfApi()
    with TemporaryDirectory() as temporary:
        packed = Path(temporary)
        pack(folder, packed, model.repo, epochs, maps)
        with explaining(model, _explain_refusal):
            api.create_repo(model.repo, private=private or None, exist_ok=True)
            if model.revision != "main":
                api.create_branch(model.repo, branch=model.revision, exist_ok=True)
            before = api.model_info(model.repo, revision=model.revision).sha
            commit = api.upload_folder(
                repo_id=model.repo,
                folder_path=packed,
                revision=model.revision,
                commit_message=message or "Upload a released folder",
                delete_patterns=["epochs/*", *OPTIONAL_FILES],  # left by an earlier push, perhaps from another training
            )
    return Pushed(HubModel(model.repo, commit.oid), commit.oid != before)


def _explain_refusal(error: Exception, model: HubModel) -> str:
    is_refusal = isinstance(error, HfHubHTTPError) and error.response.status_code in (401, 403)
    if isinstance(error, PermissionError) or is_refusal:
        hub = constants.ENDPOINT
        return f"the token has no write access to {model.repo} on {hub}: log in with one that has: hf auth login"
    if isinstance(error, HfHubHTTPError | httpx2.HTTPError | OfflineModeIsEnabled):
        return explain(error, model)
    return f"{model.repo} could not be uploaded, push again: {in_words(error)}"
