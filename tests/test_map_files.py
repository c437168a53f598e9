"""Label maps from and to people's own files: whatever they open, they get their map or one clear sentence."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageFilter

from demo.map_files import UPLOADS, fitted_size, open_label_map, to_png
from pix2pix.labels import CITYSCAPES, FACADES, PALETTES
from tests.helpers.own_images import edges, house, house_image, save
from tests.helpers.tiny import draw_label_map

CLEAR = FACADES.index("background")
ORIENTATION = 0x0112


def read(path: Path) -> np.ndarray:
    label_map = open_label_map(path, FACADES, CLEAR).input
    assert label_map.shape == (256, 256) and label_map.dtype == np.uint8
    return label_map


def picture(seed: int = 1) -> Image.Image:
    return Image.fromarray(FACADES.to_image(draw_label_map(seed)))


def synthetic_photo(seed: int, size: tuple[int, int] = (256, 256)) -> Image.Image:
    """Soft light and grain: a gradient between two colours of nature with blurred blotches and noise."""
    rng = np.random.default_rng(seed)
    height, width = size
    top, bottom = rng.integers(60, 220, (2, 1, 1, 3))
    rows = np.linspace(0, 1, height)[:, None, None]
    blotches = Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8)).filter(
        ImageFilter.GaussianBlur(12)
    )
    light = top * (1 - rows) + bottom * rows + 6 * (np.asarray(blotches, float) - 128)
    return Image.fromarray(np.clip(light + rng.normal(0, 4, light.shape), 0, 255).astype(np.uint8))


def complaint(path: Path, palette=FACADES) -> str:
    with pytest.raises(ValueError) as refused:
        open_label_map(path, palette, 0)
    sentence = str(refused.value)
    assert "\n" not in sentence and sentence.endswith(".") and str(path.parent) not in sentence
    return sentence


@pytest.mark.parametrize("dataset", PALETTES)
def test_a_saved_map_opens_again_exactly(tmp_path, dataset):
    palette = PALETTES[dataset]
    label_map = np.random.default_rng(0).integers(0, len(palette), (64, 64)).astype(np.uint8).repeat(4, 0).repeat(4, 1)
    (tmp_path / "map.png").write_bytes(to_png(label_map, palette))
    with Image.open(tmp_path / "map.png") as saved:
        assert saved.mode == "P" and (np.asarray(saved) == label_map).all()
    opened = open_label_map(tmp_path / "map.png", palette, 0)
    assert (opened.input == label_map).all() and opened.words == "" and not opened.is_fitted


@pytest.mark.parametrize("single_pixels", [True, False])
def test_a_saved_map_opens_again_exactly_even_where_every_pixel_differs_from_its_neighbour(tmp_path, single_pixels):
    label_map = (np.indices((256, 256)).sum(0) % (len(FACADES) if single_pixels else 2)).astype(np.uint8)
    (tmp_path / "map.png").write_bytes(to_png(label_map, FACADES))
    assert (read(tmp_path / "map.png") == label_map).all()


def halves() -> np.ndarray:
    label_map = np.full((256, 256), 1, np.uint8)
    label_map[:, 128:] = 2
    return label_map


@pytest.mark.parametrize("size", [(256, 256), (512, 512), (1024, 768), (3000, 2000), (128, 64), (60, 100), (1, 1)])
@pytest.mark.parametrize("stretch", [True, False])
def test_a_map_of_another_shape_is_fitted_or_stretched_on_demand(tmp_path, size, stretch):
    picture = Image.fromarray(FACADES.to_image(halves())).resize(size, Image.Resampling.NEAREST)
    picture.save(tmp_path / "map.png")
    opened = open_label_map(tmp_path / "map.png", FACADES, CLEAR, stretch=stretch)
    expected = halves() if size != (1, 1) else np.full((256, 256), 2)
    if size[0] == size[1] or stretch:
        assert not opened.is_fitted and opened.words == ""
    else:
        assert opened.is_fitted
        assert opened.words == "Its shape differs from the canvas, so it is fitted, with background around it."
        width, height = (round(256 * side / max(size)) for side in size)
        top, left = (256 - height) // 2, (256 - width) // 2
        expected = np.full((256, 256), CLEAR)
        expected[top : top + height, left:128] = 1
        expected[top : top + height, 128 : left + width] = 2
    assert (opened.input == expected).all()


@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [
        ((2048, 1024), (256, 256), (256, 128)),
        ((2048, 1024), (512, 256), (512, 256)),
        ((1000, 1015), (256, 256), (256, 256)),
        ((1, 25_000_000), (512, 256), (1, 256)),
        ((300, 400), (512, 512), (384, 512)),
    ],
)
def test_the_largest_part_of_the_canvas_in_the_files_proportions(shape, size, expected):
    assert fitted_size(shape, size) == expected


@pytest.mark.parametrize("size", [(512, 256), (512, 512), (256, 512)])
def test_a_map_fills_a_canvas_of_any_size(tmp_path, size):
    label_map = np.random.default_rng(0).integers(0, 12, (size[1], size[0]), np.uint8)
    (tmp_path / "map.png").write_bytes(to_png(label_map, FACADES))
    opened = open_label_map(tmp_path / "map.png", FACADES, CLEAR, size)
    assert (opened.input == label_map).all() and opened.words == ""


@pytest.mark.parametrize(
    ("kind", "options"), [("JPEG", {"quality": 90}), ("WEBP", {"quality": 90}), ("WEBP", {"lossless": True})]
)
def test_lossy_files_are_read_to_the_nearest_classes(tmp_path, kind, options):
    picture().save(tmp_path / "map", kind, **options)
    assert (read(tmp_path / "map") == draw_label_map(1)).mean() > (0.97 if "quality" in options else 0.9999)


def test_a_file_that_is_not_there_any_more_is_a_sentence(tmp_path):
    assert complaint(tmp_path / "deleted.png") == "This file is no longer available. Choose it again."


def test_the_share_of_far_pixels_is_told(tmp_path):
    pixels = FACADES.to_image(draw_label_map(1)).copy()
    pixels[:64] = (120, 120, 120)  # a grey that is 90 and more from every colour
    Image.fromarray(pixels).save(tmp_path / "map.png")
    words = open_label_map(tmp_path / "map.png", FACADES, CLEAR).words
    assert words.startswith("25.0% of the pixels were far from every colour of the palette")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_that_says_it_lies_on_its_side_is_turned(tmp_path, kind, orientation):
    """As cameras write it: stored turned, with a note how to turn it back."""
    turns = {
        2: 0,
        3: 3,
        4: 1,
        5: 5,
        6: 2,
        7: 6,
        8: 4,
    }  # each undoes, in Pillow's transpositions, what showing the note does
    stored = picture() if orientation == 1 else picture().transpose(Image.Transpose(turns[orientation]))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored.save(
        tmp_path / "map",
        kind,
        exif=exif,
        **({"quality": 95} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}),
    )
    assert (read(tmp_path / "map") == draw_label_map(1)).mean() > 0.97


def test_transparent_parts_are_the_class_that_clear_paints(tmp_path):
    transparent = picture().convert("RGBA")
    transparent.paste((0, 0, 0, 0), (0, 0, 256, 100))
    transparent.save(tmp_path / "map.png")
    expected = draw_label_map(1)
    expected[:100] = CLEAR
    assert (read(tmp_path / "map.png") == expected).all()


@pytest.mark.parametrize("mode", ["P", "CMYK"])
def test_other_kinds_of_pixels_are_read(tmp_path, mode):
    picture().convert(mode).save(
        tmp_path / "map", "PNG" if mode == "P" else "JPEG", **({} if mode == "P" else {"quality": 95})
    )
    assert (read(tmp_path / "map") == draw_label_map(1)).mean() > 0.95


@pytest.mark.parametrize("scale", [1, 2])
def test_of_a_pair_the_label_half_is_read(tmp_path, scale):
    pair = np.concatenate([np.asarray(synthetic_photo(1)), np.asarray(picture())], 1)
    opened = open_label_map(save(pair.repeat(scale, 0).repeat(scale, 1), tmp_path / "pair.png"), FACADES, CLEAR)
    assert (opened.input == draw_label_map(1)).all()
    assert opened.words == "This file is a pair; the label map, its right half, is on the canvas."


def test_a_map_of_the_size_of_a_pair_is_read_whole(tmp_path):
    label_map = draw_label_map(1)[::2]
    path = save(FACADES.to_image(label_map).repeat(2, 0).repeat(2, 1), tmp_path / "wide.png")
    assert (read(path)[64:192] == label_map).all()
    assert (open_label_map(path, FACADES, CLEAR, stretch=True).input == label_map.repeat(2, 0)).all()


@pytest.mark.parametrize(
    ("first", "kind", "words"),
    [
        (0, np.uint8, "class numbers from 0"),
        (1, np.uint8, "CMP class numbers from 1"),
        (1, np.uint16, "CMP class numbers from 1"),
    ],
)
def test_class_numbers_are_read_as_classes(tmp_path, first, kind, words):
    opened = open_label_map(save((house() + first).astype(kind), tmp_path / "numbers.png"), FACADES, CLEAR)
    assert (opened.input == house()).all()
    assert opened.words == f"This file is read as {words}."


def test_the_original_files_of_cityscapes_are_read_as_classes(tmp_path):
    """2048x1024, with the official numbers; both kinds hold 7 and 11."""
    numbers = np.array([7, 11], np.uint8).repeat(1024)[None].repeat(1024, 0)
    for name, left in (("a_gtFine_labelIds.png", "road"), ("a_gtFine_labelTrainIds.png", "traffic sign")):
        opened = open_label_map(save(numbers, tmp_path / name), CITYSCAPES, CITYSCAPES.index("sky"))
        assert opened.is_fitted and "with sky around it" in opened.words and "is read as Cityscapes" in opened.words
        shown = [CITYSCAPES.names[opened.input[row, 0]] for row in (0, 63, 64, 191, 192)]
        assert shown == ["sky", "sky", left, left, "sky"]


def test_exchanged_channels_a_drawing_and_one_grey_are_refused(tmp_path):
    assert "red and blue exchanged (BGR); save it as RGB." in complaint(
        save(house_image()[..., ::-1], tmp_path / "b.png")
    )
    for name, pixels in (("edges.png", edges(1)), ("grey.png", np.full((256, 256), 255, np.uint8))):
        assert "looks like a photo, or a map in other colours" in complaint(save(pixels, tmp_path / name)), name


def test_the_first_image_of_an_animation_is_read(tmp_path):
    frames = [picture(2), picture(1)]
    picture(1).save(tmp_path / "map.webp", save_all=True, append_images=frames, lossless=True)
    picture(1).save(tmp_path / "map.png", save_all=True, append_images=frames)
    for name in ("map.webp", "map.png"):
        assert (read(tmp_path / name) == draw_label_map(1)).all()


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
@pytest.mark.parametrize("seed", range(8))
def test_a_photograph_is_refused(tmp_path, palette, seed):
    synthetic_photo(seed, (300, 400)).save(tmp_path / "photo.jpg", quality=92)
    assert complaint(tmp_path / "photo.jpg", palette).startswith(
        "This file looks like a photo, or a map in other colours ("
    )


def test_noise_and_a_map_of_another_dataset_are_refused(tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)).save(
        tmp_path / "noise.png"
    )
    streets = np.random.default_rng(0).integers(3, 29, (16, 16)).repeat(16, 0).repeat(16, 1)
    Image.fromarray(CITYSCAPES.to_image(streets)).save(tmp_path / "street.png")
    for name in ("noise.png", "street.png"):
        assert "looks like a photo, or a map in other colours" in complaint(tmp_path / name)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "PPM"])
def test_other_formats_are_refused(tmp_path, kind):
    picture().save(tmp_path / "map.png", kind)
    assert complaint(tmp_path / "map.png") == "This file is not an image of a known format (PNG, JPEG, WEBP)."


@pytest.mark.parametrize(
    "content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]
)
def test_what_is_no_picture_is_refused(tmp_path, content):
    (tmp_path / "file.png").write_bytes(content)
    sentence = complaint(tmp_path / "file.png")
    assert "known format (PNG, JPEG, WEBP)" in sentence or "damaged" in sentence or "is empty" in sentence


@pytest.mark.parametrize("side", [6000, 9000, 14000])
def test_a_picture_with_too_many_pixels_is_refused_before_it_is_unpacked(tmp_path, side, monkeypatch):
    """A few kilobytes that would become hundreds of megabytes, beyond our limit, Pillow's warning and its error."""
    assert side**2 > UPLOADS.max_pixels
    Image.new("1", (side, side)).save(tmp_path / "bomb.png")
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda *_, **__: pytest.fail("it was unpacked"))
    assert (tmp_path / "bomb.png").stat().st_size < 100_000
    assert "an image may have 25 million pixels." in complaint(tmp_path / "bomb.png")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_file_that_is_cut_off_or_damaged_anywhere_is_read_or_refused_with_a_sentence(tmp_path, kind):
    buffer = io.BytesIO()
    picture().save(buffer, kind)
    whole, rng, refused = buffer.getvalue(), np.random.default_rng(0), 0
    for _ in range(60):
        damaged = bytearray(whole[: int(rng.integers(1, len(whole)))] if rng.random() < 0.5 else whole)
        for _ in range(rng.integers(1, 6)):
            damaged[rng.integers(len(damaged))] = rng.integers(256)
        (tmp_path / "file").write_bytes(damaged)
        try:
            assert read(tmp_path / "file").max() < len(FACADES)
        except ValueError as error:
            assert str(error).startswith("This ") and str(error).endswith("."), error
            refused += 1
    assert refused > 20


def test_a_cut_off_file_is_called_damaged(tmp_path):
    picture().save(tmp_path / "map.png")
    (tmp_path / "map.png").write_bytes((tmp_path / "map.png").read_bytes()[:-400])
    assert complaint(tmp_path / "map.png").startswith("This file is damaged or incomplete (")
