"""One reader and one lister: every way to store an image gives the same pixels or one sentence that names the file."""

import io
import json
import os
import pickle
import unicodedata
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from PIL import Image

from pix2pix.image_files import (
    ImageFileError,
    ImageLimits,
    image_size,
    list_images,
    printable,
    read_image,
    read_numbers,
    stem_key,
)
from pix2pix.labels import FACADES
from tests.helpers.hostile import damage, damaged, hostile
from tests.helpers.own_images import house, house_image, photo, png_16_bit, save

TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's transposition that undoes what showing the note does


def complaint(path: Path, **options: object) -> str:
    with pytest.raises(ImageFileError) as refused:
        read_image(path, **options)
    sentence = str(refused.value)
    assert sentence.startswith(str(path)) and sentence.endswith(".") and "\n" not in sentence and len(sentence) < 500
    return sentence


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("orientation", TURNS)
def test_an_image_stored_on_its_side_is_read_upright(tmp_path, suffix, orientation):
    upright = house_image()[:200]
    stored = Image.fromarray(upright).transpose(Image.Transpose(TURNS[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"map{suffix}"
    stored.save(path, exif=exif, **({"quality": 95} if suffix == ".jpg" else {"lossless": True}))
    assert image_size(path) == (256, 200)
    difference = np.abs(read_image(path).astype(int) - upright)
    assert difference.mean() < 3 if suffix == ".jpg" else difference.max() == 0


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "CMYK", "L", "1", "LA"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_every_colour_mode_is_read_as_viewers_show_it(tmp_path, mode, kind):
    if kind == "PNG" and mode == "CMYK":
        kind = "JPEG"
    picture = Image.fromarray(house_image())
    shown = picture.convert("L" if mode == "LA" else mode, **({"colors": 8, "palette": 1} if mode == "P" else {}))
    shown.convert(mode).save(tmp_path / "map", kind, **({"quality": 95} if kind == "JPEG" else {}))
    difference = np.abs(read_image(tmp_path / "map").astype(int) - np.asarray(shown.convert("RGB")))
    assert difference.mean() < 3 if kind == "JPEG" else difference.max() == 0


def test_16_bit_grey_and_colours_are_scaled(tmp_path):
    wide = photo(1).astype(np.uint16) * 257
    (tmp_path / "colours.png").write_bytes(png_16_bit(wide))
    (tmp_path / "grey.png").write_bytes(png_16_bit(wide[..., 0]))
    Image.fromarray(wide[..., 0]).save(tmp_path / "grey.tif")
    assert (read_image(tmp_path / "colours.png") == photo(1)).all()
    for name in ("grey.png", "grey.tif"):
        assert (read_image(tmp_path / name) == photo(1)[..., :1]).all()
        assert (read_numbers(tmp_path / name) == wide[..., 0]).all()


def test_32_bit_values_are_refused_because_their_white_is_unknown(tmp_path):
    for values in (np.ones((8, 8), np.float32), np.full((8, 8), 70000, np.int32)):
        Image.fromarray(values).save(tmp_path / "deep.tif")
        assert "8 or 16 bits" in complaint(tmp_path / "deep.tif")


def test_transparent_pixels_become_background_in_maps_and_are_refused_in_photos(tmp_path):
    clear = house() == 0
    hidden = np.dstack([house_image(), np.where(clear, 0, 255).astype(np.uint8)])
    hidden[clear, :3] = (250, 10, 240)
    path = save(hidden, tmp_path / "map.png")
    assert (read_image(path, FACADES.colors[0]) == house_image()).all()
    assert "transparent pixels" in complaint(path)
    indexed = Image.fromarray(house())
    indexed.putpalette(FACADES.rgb.tobytes())
    indexed.save(tmp_path / "indexed.png", transparency=0)
    assert (read_image(tmp_path / "indexed.png", FACADES.colors[3])[clear] == FACADES.rgb[3]).all()
    assert "transparent pixels" in complaint(tmp_path / "indexed.png")
    hidden[..., 3] = 255
    assert (read_image(save(hidden, tmp_path / "opaque.png")) == hidden[..., :3]).all()


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_the_first_frame_of_an_animation_is_read(tmp_path, kind):
    first, second = (Image.fromarray(pixels) for pixels in (house_image(), photo(1)))
    first.save(tmp_path / "moving", kind, save_all=True, append_images=[second], lossless=True)
    assert (read_image(tmp_path / "moving") == house_image()).all()


def test_a_large_image_is_shrunk_without_new_colours(tmp_path):
    path = save(house_image(), tmp_path / "map.png")
    small = read_image(path, limits=ImageLimits(max_side=100))
    assert small.shape == (100, 100, 3)
    assert {tuple(color) for color in small.reshape(-1, 3)} <= {tuple(color) for color in house_image().reshape(-1, 3)}


def test_files_that_are_no_images_are_one_sentence(tmp_path):
    whole = save(photo(1), tmp_path / "photo.jpg").read_bytes()
    for name, content, words in [
        ("empty.png", b"", "is empty"),
        ("page.png", b"<!DOCTYPE html><html></html>", "is not an image of a known format (PNG, JPEG, WEBP, TIFF)"),
        ("cut.jpg", whole[: len(whole) // 2], "damaged or incomplete"),
        ("scans.jpg", whole + b"\xff\xda" * 70, "too long to read"),
    ]:
        (tmp_path / name).write_bytes(content)
        assert words in complaint(tmp_path / name)
    assert "cannot be read: No such file" in complaint(tmp_path / "missing.png")
    (tmp_path / "folder.png").mkdir()
    assert "cannot be read" in complaint(tmp_path / "folder.png")


@pytest.mark.parametrize("size", [(300, 300), (60_000, 60_000), (2_000_000_000, 2_000_000_000)])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(tmp_path, size):
    small = io.BytesIO()
    Image.new("L", (300, 300)).save(small, "PNG")
    content = bytearray(small.getvalue())
    content[16:24] = b"".join(side.to_bytes(4, "big") for side in size)
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    (tmp_path / "bomb.png").write_bytes(content)
    sentence = complaint(tmp_path / "bomb.png", limits=ImageLimits(max_pixels=80_000))
    assert "too large" in sentence or "damaged" in sentence


@hostile
@given(damage)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_damaged_file_is_read_or_refused_with_a_sentence(tmp_path, kind, steps):
    whole = io.BytesIO()
    Image.fromarray(house_image()[:64, :64]).save(whole, kind)
    path = tmp_path / "image"
    path.write_bytes(damaged(whole.getvalue(), steps))
    try:
        pixels = read_image(path, FACADES.colors[0], ImageLimits(max_pixels=1_000_000))
    except ImageFileError as refused:
        assert str(path) in str(refused) and "\n" not in str(refused)
    else:
        assert pixels.dtype == np.uint8 and pixels.shape[2] == 3


def test_an_error_survives_the_way_from_a_worker_process(tmp_path):
    error = pickle.loads(pickle.dumps(ImageFileError(tmp_path / "1.jpg", "is empty")))
    assert (str(error), error.problem) == (f"{tmp_path / '1.jpg'} is empty.", "is empty")


def test_images_are_listed_in_numeric_order_whatever_the_case_of_their_suffix(tmp_path):
    names = ["10.jpg", "2.PNG", "1.JPEG", "a10b2.webp", "a9b30.WebP", "a10b1.png"]
    for name in [*names, "._1.jpg", ".hidden.png", ".DS_Store", "Thumbs.db", "notes.txt", ".x.gif"]:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "folder.png").mkdir()
    listed = [path.name for path in list_images(tmp_path)]
    assert listed == ["1.JPEG", "2.PNG", "10.jpg", "a9b30.WebP", "a10b1.png", "a10b2.webp"]


@pytest.mark.parametrize("suffix", [".bmp", ".TIF", ".gif", ".ppm"])
def test_an_image_of_another_format_is_not_left_out_in_silence(tmp_path, suffix):
    for name in ("1.png", f"2{suffix}"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(ValueError, match=rf"holds 2\{suffix}, an image that is not read; save such images as PNG"):
        list_images(tmp_path)


def test_two_images_of_one_name_are_refused(tmp_path):
    for name in ("1.png", "1.jpg"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(ValueError, match=r"holds both 1\.jpg and 1\.png; keep one"):
        list_images(tmp_path)
    with pytest.raises(ValueError, match="cannot be listed: No such file"):
        list_images(tmp_path / "missing")


def test_names_in_any_encoding_can_be_listed_read_hashed_and_printed(tmp_path):
    content = save(house_image(), tmp_path / "1.png").read_bytes()
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/fa\xe7ade\n.png")).write_bytes(content)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    latin = list_images(tmp_path)[1]
    assert (read_image(latin) == house_image()).all()
    text = printable(latin)
    assert text.endswith(r"fa\xe7ade\n.png") and text.isprintable()
    assert json.loads(json.dumps(text).encode()) == text
    with pytest.raises(ImageFileError, match=r"fa\\xe7ade"):
        read_image(latin, limits=ImageLimits(max_pixels=1))


def test_a_name_with_decomposed_accents_is_the_same_name():
    composed = "façade.png"
    assert stem_key(Path(unicodedata.normalize("NFD", composed))) == stem_key(Path(composed))
