"""Publish released folders on the Hugging Face Hub, with a model card, curves and sample images."""

from huggingface_hub import get_token

from pix2pix.hub import HubError, HubModel


def check_token(model: HubModel) -> None:
    """Raise HubError unless there is a token to push with; needs no network."""
    if get_token() is None:
        raise HubError(
            f"there is no token to push {model.repo}: log in with: hf auth login, "
            "or set HF_TOKEN to one with write access"
        )
