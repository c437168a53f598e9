"""What a generator was trained on, in words: known datasets by their hash, and the licences that follow from that."""

from typing import NamedTuple

from pix2pix.release_config import ReleaseConfig


class KnownData(NamedTuple):
    """A dataset whose training split is known by its fingerprint.

    Attributes:
        fingerprint: Of the training split in the pix2pix packaging, see `PairedDataset.fingerprint`.
        title: Its name in a sentence.
        licence: Name of the licence of weights that were trained on it.
        origin: Whose it is.
        terms: What that means for the weights, a relative clause.
    """

    fingerprint: str
    title: str
    licence: str
    origin: str
    terms: str


KNOWN = {
    "facades": KnownData(
        "f067266ef83b585739349055c79b855694559981eaec1e3ff38585bcc90ffd50",
        "the CMP Facade Database (pix2pix packaging)",
        "cmp-facade-database-research",
        "the CMP Facade Database (Tyleček and Šára, GCPR 2013)",
        "which is research data",
    ),
    "cityscapes": KnownData(
        "2e2f2291d069c26b145084a2e0804c5002148f748753d63402608b6a54a3fbf3",
        "Cityscapes (pix2pix packaging)",
        "cityscapes-non-commercial",
        "Cityscapes (Cordts et al., CVPR 2016)",
        "which is for non-commercial use only, as are these weights and their images",
    ),
}


def known_data(config: ReleaseConfig) -> KnownData | None:
    """Return the known dataset that a generator was trained on; None for other data, whatever their name.

    Older released folders have no fingerprint; these could only be trained on the known datasets.
    """
    if not config.data_hash:
        return KNOWN.get(config.dataset)
    return next((known for known in KNOWN.values() if known.fingerprint == config.data_hash), None)


def describe_data(config: ReleaseConfig) -> str:
    """Return what a generator was trained on, in the middle of a sentence."""
    known = known_data(config)
    return known.title if known else f"{config.dataset}" + (f" ({config.pairs} pairs)" if config.pairs else "")


def licence_note(config: ReleaseConfig) -> str:
    """Return the sentences on the data that decide what the weights may be used for."""
    known, namesake = known_data(config), KNOWN.get(config.dataset)
    if known:
        notes = [f"Trained on {known.origin}, {known.terms}."]
    elif namesake:  # such as Cityscapes made from its official packages
        notes = [
            f"Trained on images called {config.dataset}, which are not those of the pix2pix packaging.",
            f"They may come from {namesake.origin}, {namesake.terms}.",
        ]
    else:
        notes = [f"Trained on {describe_data(config)}; their licence decides how the weights may be used."]
    earlier = (KNOWN.get(dataset) for dataset in dict.fromkeys(stage.dataset for stage in config.lineage))
    notes += [
        f"The training started from weights of {before.origin}, {before.terms}."
        for before in earlier
        if before not in (None, known, namesake)
    ]
    return " ".join(notes)


def facts(config: ReleaseConfig) -> dict[str, str]:
    """Return what a generator was trained on as names and values, as far as it is known."""
    source, target = "BA" if config.direction == "BtoA" else "AB"
    width, height = config.size
    classes = "none"
    if config.palette:
        names = ", ".join(config.palette.names)
        classes = f"{len(config.palette)} classes of the {config.palette_of}: {names}"
    elif config.drawing:
        classes = f"none; line drawings, lines {config.drawing[1]} on {config.drawing[0]}"
    values = {
        "data": config.dataset,
        "pairs": str(config.pairs or ""),
        "sha256 of the pairs": config.data_hash,
        "direction": f"{source} to {target}",
        "size": f"{width}x{height}",
        "palette": classes,
    }
    return {name: value for name, value in values.items() if value}
