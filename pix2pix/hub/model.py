"""Names of models on the Hugging Face Hub, and one sentence for everything that can go wrong there."""

import errno
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2
from huggingface_hub import constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import HFValidationError, validate_repo_id

from pix2pix.release import ReleaseError
from pix2pix.surroundings import ProxyError, check_proxies, in_words, through_proxy

LOG_IN = "log in with: hf auth login, or set HF_TOKEN to a token"


class HubError(ReleaseError):
    """A failed download or upload; the message names the repository and says what to do."""


class UnreachableError(HubError):
    """The Hub does not answer."""


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
        """Read "owner/name" or "owner/name@revision".

        Raises:
            HubError: If the text has another form.
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
        """Whether the revision is a commit, which never changes: a copy in the cache needs no check."""
        return re.fullmatch("[0-9a-f]{40}", self.revision) is not None

    def __str__(self) -> str:
        return f"{self.repo}@{self.revision[:7] if self.pinned else self.revision}"


def explain(error: Exception, model: HubModel) -> str:
    """Say in one sentence why a download or upload failed, and what to do."""
    hub, repo, cache = constants.ENDPOINT, model.repo, constants.HF_HUB_CACHE
    match error:
        case OfflineModeIsEnabled():
            return f"{model} was not requested because HF_HUB_OFFLINE is set: unset it, or pull once while online"
        case GatedRepoError():
            return f"{repo} is gated: accept its conditions at {hub}/{repo}, then {LOG_IN}"
        case RepositoryNotFoundError():
            return f"{hub} has no model {repo}, or it is private: check the name, or {LOG_IN}"
        case RevisionNotFoundError():
            return f"{repo} has no revision {model.revision!r}; {hub}/{repo}/commits/main lists them"
        case HfHubHTTPError(response=response) if response.status_code in (401, 403):
            return f"{hub} refused {repo} ({response.status_code}): {LOG_IN} that may read it and has not expired"
        case HfHubHTTPError(response=response):
            return f"{hub} answered {response.status_code} for {repo}: try again later"
        case httpx2.HTTPError() | LocalEntryNotFoundError():
            return f"{hub} cannot be reached for {repo}{through_proxy(hub)}: check the connection and try again"
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return f"no space is left for {repo} in {cache}: free some, or set HF_HOME to a folder on another disk"
        case RuntimeError():
            return f"{repo} could not be downloaded, pull again: {in_words(error)}"
        case OSError() if "Consistency check" in str(error):
            return f"{repo} arrived incomplete: pull again"
        case _:
            return f"{repo} cannot be saved in {cache}, set HF_HOME to a writable folder: {in_words(error)}"


@contextmanager
def explaining(model: HubModel, in_a_sentence: Callable[[Exception, HubModel], str] = explain) -> Iterator[None]:
    """Raise `HubError`, or `UnreachableError` if the Hub did not answer, for whatever stops a download or upload."""
    try:
        check_proxies()
        yield
    except ProxyError as error:
        raise HubError(f"{model} cannot be reached: {error}") from error
    except (OSError, RuntimeError, httpx2.HTTPError) as error:  # hf_xet raises RuntimeError for all its failures
        is_answer = isinstance(error, HfHubHTTPError) and error.response.status_code < 500
        is_silence = isinstance(error, httpx2.HTTPError | LocalEntryNotFoundError | OfflineModeIsEnabled)
        kind = UnreachableError if is_silence and not is_answer else HubError
        raise kind(in_a_sentence(error, model)) from error
