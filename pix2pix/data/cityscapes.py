"""Prepare Cityscapes in the pix2pix packaging. Its licence forbids redistribution, so nothing is downloaded here.

Either `prepare` makes 512x256 pairs from the two official packages, or `divide_validation` divides the 500 validation
images of the pix2pix authors' packaging. The result is the same: `cityscapes/` with `train/`, the first 300 validation
images in `val/`, and the last 200, which nothing may be tuned to, in `test/`. An image keeps its number within the
official split. The packages are not trusted: members are read by name, sizes are bounded, and no path of an archive is
written to.
"""

import re
import shlex
import shutil
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock
from PIL import Image
from tqdm import tqdm

from pix2pix.flags import command_of

COUNTS = {"train": 2975, "val": 500}
NUM_VALIDATION = 300
PHOTO_MEMBER = re.compile(r"leftImg8bit/(train|val)/([a-z-]+/[a-z-]+_\d{6}_\d{6})_leftImg8bit\.png")
LABEL_MEMBER = re.compile(r"gtFine/(train|val)/([a-z-]+/[a-z-]+_\d{6}_\d{6})_gtFine_color\.png")
MAX_MEMBER_BYTES = 20_000_000  # the largest photo has about 3 MB
MAX_PIXELS = 2048 * 1024
NEEDED_BYTES = 500_000_000  # pairs of quality 100 take about 80 kB each
CITATION = """\
Cityscapes: Marius Cordts et al., "The Cityscapes Dataset for Semantic Urban Scene Understanding", CVPR 2016.
For non-commercial use only. Do not redistribute the images or the pairs made from them here:
https://www.cityscapes-dataset.com/license/"""


class CityscapesError(RuntimeError):
    """A package or folder cannot be used; the message says which, why, and what to do."""


def how_to_get(data_dir: Path) -> str:
    """Return the whole way to Cityscapes in `data_dir`: registration, packages and commands, as lines of text."""
    folder = shlex.quote(str(data_dir))
    return (
        "Cityscapes may not be redistributed, so it cannot be downloaded here. To get it:\n"
        "  1. Register and log in at https://www.cityscapes-dataset.com; it is for non-commercial use only.\n"
        "  2. Download leftImg8bit_trainvaltest.zip and gtFine_trainvaltest.zip from its download page.\n"
        f"  3. Pair them ({NEEDED_BYTES // 10**6} MB of disk space): python -m pix2pix.data cityscapes "
        f"--data-dir {folder} --photos leftImg8bit_trainvaltest.zip --labels gtFine_trainvaltest.zip\n"
        f"  4. Train on them: {command_of('train.py')} --dataset cityscapes --data-dir {folder}\n"
        f"If you have Cityscapes as packed by the pix2pix authors, move it to {data_dir / 'cityscapes'} and run: "
        f"python -m pix2pix.data cityscapes --data-dir {folder}"
    )


def prepare(
    data_dir: Path, photos: Path, labels: Path, counts: Mapping[str, int] = COUNTS, num_validation: int = NUM_VALIDATION
) -> None:
    """Make `data_dir/cityscapes` from the two official packages, unless that folder exists.

    The folder is built under a temporary name and renamed at the end, so it is complete or absent.

    Args:
        data_dir: Parent of the dataset's folder; created if absent.
        photos: leftImg8bit_trainvaltest.zip.
        labels: gtFine_trainvaltest.zip.
        counts: Number of images in the official splits "train" and "val".
        num_validation: Number of images that stay in "val"; the others become the test split.

    Raises:
        CityscapesError: If a package cannot be read or lacks images, or the folder cannot be written.
    """
    folder = data_dir / "cityscapes"
    if folder.exists():
        print(f"{folder} already exists and is kept. To make it again, remove it first.")
        return
    print(CITATION)
    print(f"This takes {NEEDED_BYTES // 10**6} MB of disk space in {data_dir} and a few minutes.")
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if (free := shutil.disk_usage(data_dir).free) < NEEDED_BYTES:
            raise CityscapesError(
                f"{data_dir} has only {free // 10**6} MB free; Cityscapes needs {NEEDED_BYTES // 10**6} MB."
            )
        lock = data_dir / ".cityscapes.lock"
        with FileLock(lock):
            for left_by_a_kill in data_dir.glob(".cityscapes-*/"):
                shutil.rmtree(left_by_a_kill)
            if not folder.exists():  # another process may have made it meanwhile
                with TemporaryDirectory(prefix=".cityscapes-", dir=data_dir) as temporary:
                    _pack(photos, labels, Path(temporary) / "cityscapes", counts, num_validation)
                    (Path(temporary) / "cityscapes").rename(folder)
            with suppress(PermissionError):  # Windows keeps a file that is open
                lock.unlink(missing_ok=True)
    except OSError as problem:
        raise CityscapesError(f"Could not write Cityscapes to {data_dir}: {problem.strerror or problem}.") from problem


def divide_validation(data_dir: Path, num_images: int = COUNTS["val"], num_validation: int = NUM_VALIDATION) -> None:
    """Move the last validation images of the pix2pix packaging, 301.jpg to 500.jpg, from `val/` to `test/`.

    Images keep their names and are moved one by one, so an interrupted call can be repeated; repeating it again does
    nothing.

    Raises:
        CityscapesError: If the folder is missing or contains other images; then nothing is moved.
    """
    val, test = data_dir / "cityscapes" / "val", data_dir / "cityscapes" / "test"
    if not val.is_dir():
        raise CityscapesError(f"There is no folder {val}. {how_to_get(data_dir)}")
    found = {path.name for folder in (val, test) for path in folder.glob("*.jpg")}
    if found != {f"{number}.jpg" for number in range(1, num_images + 1)}:
        raise CityscapesError(
            f"{val} and test/ beside it contain {len(found)} images; expected are 1.jpg to {num_images}.jpg, as in the "
            "pix2pix packaging."
        )
    try:
        test.mkdir(exist_ok=True)
        to_move = [
            name for number in range(num_validation + 1, num_images + 1) if (val / (name := f"{number}.jpg")).exists()
        ]
        for name in to_move:
            (val / name).rename(test / name)
    except OSError as problem:
        raise CityscapesError(
            f"Could not move images from {val} to {test}: {problem.strerror or problem}."
        ) from problem
    moved = f"Moved {len(to_move)} images from {val} to {test}."
    print(moved if to_move else f"{val.parent} is already divided and is kept.")


def _pack(photos: Path, labels: Path, folder: Path, counts: Mapping[str, int], num_validation: int) -> None:
    """Write the pairs of both splits, numbered in the order of their names."""
    with _opened(photos) as photo_zip, _opened(labels) as label_zip:
        photo_members, label_members = _members(photo_zip, PHOTO_MEMBER), _members(label_zip, LABEL_MEMBER)
        if unpaired := sorted(photo_members.keys() ^ label_members.keys()):
            lacking = labels if unpaired[0] in photo_members else photos
            raise CityscapesError(
                f"{lacking} lacks the image {'/'.join(unpaired[0])}, which the other package has; download it again."
            )
        for split, count in counts.items():
            names = sorted(name for part, name in photo_members if part == split)
            if len(names) != count:
                raise CityscapesError(f"{photos} has {len(names)} images of {split}; the official package has {count}.")
            for number, name in enumerate(tqdm(names, f"packing {split}", unit=" images", disable=None), 1):
                photo = _read(photo_zip, photo_members[split, name])
                label_image = _read(label_zip, label_members[split, name])
                if photo.size != label_image.size:
                    raise CityscapesError(
                        f"The photo and the label image of {name} differ in size; download both packages again."
                    )
                path = folder / ("test" if split == "val" and number > num_validation else split) / f"{number}.jpg"
                path.parent.mkdir(parents=True, exist_ok=True)
                _side_by_side(photo, label_image).save(path, "JPEG", quality=100)


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, ValueError, zipfile.BadZipFile) as problem:
        raise CityscapesError(
            f"{path} is not a readable zip file ({getattr(problem, 'strerror', None) or problem})."
        ) from problem


def _members(package: zipfile.ZipFile, pattern: re.Pattern[str]) -> dict[tuple[str, str], zipfile.ZipInfo]:
    """Return the members to read, by (split, CITY/CITY_xxxxxx_xxxxxx); all others are ignored."""
    found: dict[tuple[str, str], zipfile.ZipInfo] = {}
    for member in package.infolist():
        if match := pattern.fullmatch(member.filename):
            if match.groups() in found:
                raise CityscapesError(f"{package.filename} contains {member.filename} twice; download it again.")
            found[match[1], match[2]] = member
    return found


def _read(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> Image.Image:
    """Decode one member as RGB, unless it is larger than the members of the official packages are."""
    where = f"{member.filename} in {package.filename}"
    if member.file_size > MAX_MEMBER_BYTES:
        raise CityscapesError(
            f"{where} has {member.file_size:,} bytes, too many for an image of Cityscapes; download it again."
        )
    try:
        with Image.open(BytesIO(package.read(member)), formats=["PNG"]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise CityscapesError(f"{where} is {image.width}x{image.height}; images of Cityscapes are 2048x1024.")
            return image.convert("RGB")
    except CityscapesError:
        raise
    # RuntimeError: encrypted, or (as NotImplementedError) of unknown compression. The others: damaged.
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        RuntimeError,
        zlib.error,
        zipfile.BadZipFile,
        Image.DecompressionBombError,
    ) as problem:
        raise CityscapesError(f"{where} is damaged ({problem}); download the package again.") from problem


def _side_by_side(photo: Image.Image, label_image: Image.Image) -> Image.Image:
    pair = Image.new("RGB", (512, 256))
    for left, image in ((0, photo), (256, label_image)):
        pair.paste(image.resize((256, 256), Image.Resampling.BICUBIC), (left, 0))
    return pair
