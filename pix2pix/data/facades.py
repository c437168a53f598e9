"""Download the facades dataset as packed by the pix2pix authors.

The archive grows in `facades.tar.gz.part`, which a later call resumes. It is unpacked and verified in a temporary
folder beside the target, which is renamed at the end, so `facades/` is complete or absent. Servers are not trusted:
sizes are bounded, and nothing is written outside the data folder.
"""

import gzip
import re
import shutil
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from filelock import FileLock
from PIL import Image
from tqdm import tqdm

from pix2pix.data.fetch import CHUNK_BYTES, DownloadError, discard, fetch
from pix2pix.surroundings import ProxyError, check_proxies

FACADES_URLS = (
    "http://efrosgans.eecs.berkeley.edu/pix2pix/datasets/facades.tar.gz",
    "https://people.eecs.berkeley.edu/~tinghuiz/projects/pix2pix/datasets/facades.tar.gz",
)
FACADES_COUNTS = {"train": 400, "val": 100, "test": 106}
FACADES_CITATION = """\
CMP Facade Database: Radim Tyleček and Radim Šára, "Spatial Pattern Templates for Recognition of Objects with Regular
Structure", GCPR 2013. For research use. Packed for pix2pix by Isola, Zhu, Zhou and Efros, CVPR 2017."""

MAX_BYTES = 300_000_000  # limit for the archive and for its content; the real archive has about 30 MB


def download_facades(
    data_dir: Path,
    urls: Sequence[str] = FACADES_URLS,
    counts: Mapping[str, int] = FACADES_COUNTS,
    pause_seconds: float = 1.0,
) -> None:
    """Download the facades dataset to `data_dir/facades`, unless that folder exists.

    Args:
        data_dir: Parent of the dataset's folder; created if absent.
        urls: Locations of the archive, tried in this order.
        counts: Images of each split, named 1.jpg to COUNT.jpg.
        pause_seconds: Pause before the second attempt with a server; doubled for each further one.

    Raises:
        DownloadError: If no server has the archive, or the folder cannot be written.
    """
    folder = data_dir / "facades"
    if folder.exists():
        print(f"{folder} already exists and is kept. To download it again, remove it first.")
        return
    print(FACADES_CITATION)
    problems: list[str] = []
    try:
        check_proxies(socks=False)
        data_dir.mkdir(parents=True, exist_ok=True)
        with _alone(data_dir):
            if not folder.exists():
                problems = _download_from_first(urls, data_dir, counts, pause_seconds)
    except ProxyError as problem:
        raise DownloadError(f"The facades dataset cannot be downloaded: {problem}.") from problem
    except OSError as problem:
        raise DownloadError(
            f"Could not write facades (about 100 MB) to {data_dir}: {problem.strerror or problem}."
        ) from problem
    if folder.exists():
        return
    splits = ", ".join(f"{split}/1.jpg to {split}/{count}.jpg" for split, count in counts.items())
    tried = "\n".join(["The facades dataset could not be downloaded. Tried:", *problems])
    raise DownloadError(
        f"{tried}\nRun this again later, or get facades.tar.gz from elsewhere and unpack it in {data_dir}, "
        f"so that {data_dir / 'facades'} contains {splits} (512x256 JPEG, photo left, label image right)."
    )


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """Let one process at a time download; the next one then finds the finished folder."""
    path = data_dir / ".facades.lock"
    with FileLock(path):
        for left_by_a_kill in data_dir.glob(".facades-*/"):
            shutil.rmtree(left_by_a_kill)
        try:
            yield
        finally:
            with suppress(PermissionError):  # Windows keeps a file that is open
                path.unlink(missing_ok=True)  # safe: FileLock checks that the locked file still has its name


def _download_from_first(
    urls: Sequence[str], data_dir: Path, counts: Mapping[str, int], pause_seconds: float
) -> list[str]:
    """Download from the first server that has the archive; return the problems with the servers before it."""
    problems = []
    for url in urls:
        try:
            _download_from(url, data_dir, counts, pause_seconds)
            break
        except DownloadError as problem:
            print(f"{url}: {problem}.")
            problems.append(f"  {url}: {problem}.")
    return problems


def _download_from(url: str, data_dir: Path, counts: Mapping[str, int], pause_seconds: float) -> None:
    part = data_dir / "facades.tar.gz.part"
    fetch(url, part, MAX_BYTES, pause_seconds)
    try:
        with TemporaryDirectory(prefix=".facades-", dir=data_dir) as temporary:
            _unpack(part, Path(temporary))
            _verify(Path(temporary) / "facades", counts)
            (Path(temporary) / "facades").rename(data_dir / "facades")
    except DownloadError:
        discard(part)
        raise
    discard(part)


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack the images of the archive into `folder`; reject the whole archive if any entry is dangerous."""
    tar_path = folder / "facades.tar"
    try:
        _decompress(archive, tar_path)  # to a file of bounded size, so that no entry can claim more disk or memory
        with tarfile.open(tar_path, "r:") as tar:
            for member in tar:
                _check_harmless(member)
                if member.isfile() and re.fullmatch(r"(\./)?facades/(train|val|test)/[0-9]+\.jpg", member.name):
                    tar.extract(member, folder, set_attrs=False, filter="data")
    except (EOFError, ValueError, RecursionError, zlib.error, gzip.BadGzipFile, tarfile.TarError) as problem:
        raise DownloadError(f"the archive is damaged ({problem})") from problem
    tar_path.unlink()


def _decompress(archive: Path, tar_path: Path) -> None:
    with gzip.open(archive) as compressed, tar_path.open("wb") as file:
        while piece := compressed.read(CHUNK_BYTES):
            file.write(piece)
            if file.tell() > MAX_BYTES:
                raise DownloadError(f"the archive unpacks to more than {MAX_BYTES:,} bytes")


def _check_harmless(member: tarfile.TarInfo) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or "\\" in member.name or ":" in member.name:
        raise DownloadError(f"the archive would write outside its folder ({member.name!r})")
    if member.issparse() or not (member.isfile() or member.isdir()):
        raise DownloadError(f"the archive contains a link, device or sparse file ({member.name!r})")


def _verify(folder: Path, counts: Mapping[str, int]) -> None:
    """Check that every split has exactly the images 1.jpg to COUNT.jpg, and that each of them can be decoded."""
    for split, count in counts.items():
        found = {path.name for path in (folder / split).glob("*")}
        expected = {f"{number}.jpg" for number in range(1, count + 1)}
        if found != expected:
            raise DownloadError(
                f"the archive has {len(found)} images in {split}/, where 1.jpg to {count}.jpg are expected"
            )
    images = sorted(folder.glob("*/*.jpg"))
    for path in tqdm(images, desc="verifying images", unit="", disable=None):
        name = path.relative_to(folder).as_posix()
        try:
            with Image.open(path, formats=["JPEG"]) as image:
                if image.size != (512, 256):
                    raise DownloadError(f"image {name} of the archive is {image.width}x{image.height}, not 512x256")
                image.load()
        except (OSError, Image.DecompressionBombError) as problem:
            raise DownloadError(f"image {name} of the archive is damaged ({problem})") from problem
