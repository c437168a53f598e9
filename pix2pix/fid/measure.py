"""What a distance between sets of images may be called: it is an FID only with the published Inception weights."""

from dataclasses import dataclass

OFFICIAL_HASH = "6726825d"


@dataclass(frozen=True)
class Measure:
    """What distances are measured with. It decides their name; distances of different measures are not comparable.

    Attributes:
        weights: First 8 hex digits of the sha256 of Inception's weights; `OFFICIAL_HASH` for the published ones.
        dims: Number of features; 2048 as published.
    """

    weights: str
    dims: int

    @property
    def official(self) -> bool:
        return (self.weights, self.dims) == (OFFICIAL_HASH, 2048)

    @property
    def inception(self) -> str:
        """Which Inception, in words."""
        kind = "published" if self.weights == OFFICIAL_HASH else "substitute"
        return f"{kind} Inception {self.weights}" + (f", {self.dims} features" if self.dims != 2048 else "")

    @property
    def names(self) -> tuple[str, str]:
        """Names of the two distances where the Inception is shown beside them."""
        return ("FID", "KID") if self.official else ("Fréchet distance", "Kernel distance")

    @property
    def full_names(self) -> tuple[str, str]:
        """Names of the two distances where they stand alone."""
        frechet, kernel = self.names
        return self.names if self.official else (f"{frechet}, {self.inception}", f"{kernel}, {self.inception}")

    @property
    def legend(self) -> str:
        """Explain the numbers of a scored epoch."""
        frechet, kernel = self.full_names
        return f"fid: {frechet}; kid: {kernel}; real: fid between photos"
