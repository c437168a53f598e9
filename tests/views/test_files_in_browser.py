"""Random maps, files that are opened and saved, and validation samples, in Chromium."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from demo.comparison import to_data_url
from demo.map_files import to_png
from demo.views import VIEWS
from pix2pix.labels import CITYSCAPES, FACADES
from pix2pix.segmenter import BUNDLED, Segmenter
from tests.helpers.both_pages import BOTH_PAGES
from tests.helpers.browser import (
    both_pictures_change,
    choose,
    drag,
    open_tab,
    press,
    read_map,
    shown_pictures,
    wait_for_map,
)
from tests.helpers.painters import Painters
from tests.helpers.tiny import draw_label_map, draw_photo
from tests.helpers.views import look, open_file, saved


def places_of(sheet: np.ndarray, picture: np.ndarray) -> tuple[int, int]:
    """Where a picture is in a larger one, to the pixel and within one level: column, row."""
    for row in range(sheet.shape[0] - 255):
        for column in range(sheet.shape[1] - 255):
            near = np.abs(sheet[row, column : column + 256].astype(int) - picture[0]).max() <= 1
            if near and np.abs(sheet[row : row + 256, column : column + 256].astype(int) - picture).max() <= 1:
                return column, row
    pytest.fail("the picture is not there")


def test_every_surprise_is_another_facade_and_can_be_undone(page: Page) -> None:
    maps = [read_map(page)]
    for _ in range(3):
        with both_pictures_change(page):
            press(page, "Surprise me")
        maps.append(read_map(page))
        assert 0.05 < (maps[-1] == FACADES.index("facade")).mean() < 0.75
    assert len({label_map.tobytes() for label_map in maps}) == 4
    for expected in maps[-2::-1]:
        press(page, "Undo")
        assert (read_map(page) == expected).all()


def test_there_are_surprising_streets_too(page: Page) -> None:
    open_tab(page, "Streets")
    before = read_map(page, CITYSCAPES)
    with both_pictures_change(page):
        press(page, "Surprise me")
    after = read_map(page, CITYSCAPES)
    assert (after != before).mean() > 0.1
    assert {CITYSCAPES.index(name) for name in ("road", "sky")} <= set(np.unique(after))


def test_a_saved_map_opens_again_exactly_and_can_be_undone(page: Page, tmp_path: Path) -> None:
    before = read_map(page)
    name, picture = saved(page, "Save the map")
    assert name == "facades-map.png" and picture.mode == "P" and (np.asarray(picture) == before).all()
    content = to_png(draw_label_map(3), FACADES)
    with both_pictures_change(page):
        open_file(page, "mine.png", content)
    assert (read_map(page) == draw_label_map(3)).all()
    press(page, "Undo")
    assert (read_map(page) == before).all()
    open_file(page, "mine.png", content)  # the same file once more
    wait_for_map(page, draw_label_map(3))
    assert (np.asarray(saved(page, "Save the map")[1]) == draw_label_map(3)).all()


@BOTH_PAGES
def test_of_a_pair_the_label_map_opens_on_whichever_side_it_is(page: Page) -> None:
    for seed, order in ((1, 1), (2, -1)):
        halves = [draw_photo(256, 256, seed), Image.fromarray(FACADES.to_image(draw_label_map(seed)))]
        content = io.BytesIO()
        Image.fromarray(np.concatenate(halves[::order], 1)).save(content, "PNG")
        open_file(page, "pair.png", content.getvalue())
        wait_for_map(page, draw_label_map(seed))
        words = f"This file is a pair; the label map, its {'right' if order > 0 else 'left'} half, is on the canvas."
        expect(page.get_by_text(words).first).to_be_visible()


def test_the_same_map_can_be_saved_twice(page: Page) -> None:
    assert saved(page, "Save the map")[1].tobytes() == saved(page, "Save the map")[1].tobytes()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("colours.png", "This file looks like a photo, or a map in other colours"),
        ("notes.png", "This file is not an image of a known format"),
        ("cut.png", "damaged or incomplete"),
    ],
)
def test_a_file_that_is_no_map_is_refused_with_a_sentence_and_the_map_stays(
    page: Page, name: str, sentence: str
) -> None:
    other_colours = io.BytesIO()
    Image.fromarray(FACADES.to_image(draw_label_map(3)) // 2).save(other_colours, "PNG")
    before = read_map(page)
    content = {
        "colours.png": other_colours.getvalue(),
        "notes.png": b"not a picture",
        "cut.png": to_png(draw_label_map(3), FACADES)[:-300],
    }[name]
    open_file(page, name, content)
    expect(page.get_by_text(sentence).first).to_be_visible()
    assert (read_map(page) == before).all()
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_a_photo_becomes_a_map_that_both_models_paint_beside_the_photo(page: Page) -> None:
    photo, before = draw_photo(256, 256), read_map(page)
    content = io.BytesIO()
    photo.save(content, "PNG")
    with both_pictures_change(page):
        open_file(page, "photo.png", content.getvalue())
    expect(page.get_by_text("This photo was turned into a label map, which you can edit").first).to_be_visible()
    expect(page.locator(".comparison figcaption strong")).to_have_text(["GAN", "L1 only", "Photo"])
    assert (read_map(page) == Segmenter(BUNDLED["facades"]).label_map(np.asarray(photo))).all()
    assert shown_pictures(page)[2] == to_data_url(np.asarray(photo))
    press(page, "Undo")
    expect(page.locator(".comparison img")).to_have_count(2)
    assert (read_map(page) == before).all()


def test_the_share_of_guessed_pixels_is_said(page: Page) -> None:
    pixels = FACADES.to_image(draw_label_map(3)).copy()
    pixels[:64] = (120, 120, 120)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    with both_pictures_change(page):
        open_file(page, "grey.png", content.getvalue())
    expect(page.get_by_text("25.0% of the pixels were far from every colour of the palette").first).to_be_visible()
    assert (read_map(page)[64:] == draw_label_map(3)[64:]).all()


def test_a_map_of_another_shape_is_fitted_and_can_be_stretched(page: Page) -> None:
    stretch = page.get_by_role("button", name="Stretch to fill")
    expect(stretch).to_be_hidden()
    tall = draw_label_map(3)[:, ::2]
    with both_pictures_change(page):
        open_file(page, "tall.png", to_png(tall, FACADES))
    expect(page.get_by_text("it is fitted, with background around it").first).to_be_visible()
    fitted = read_map(page)
    assert (fitted[:, 64:192] == tall).all() and not fitted[:, :64].any() and not fitted[:, 192:].any()
    with both_pictures_change(page):
        stretch.click()
    assert (read_map(page) == tall.repeat(2, 1)).all()
    expect(stretch).to_be_hidden()
    press(page, "Undo")
    assert (read_map(page) == fitted).all()


def test_class_numbers_are_read_as_classes_and_said_to_be(page: Page) -> None:
    label_map, numbers = draw_label_map(3), io.BytesIO()
    label_map[:9] = 0  # the lowest number tells how they are counted
    Image.fromarray(label_map).save(numbers, "PNG")
    with both_pictures_change(page):
        open_file(page, "numbers.png", numbers.getvalue())
    expect(page.get_by_text("This file is read as class numbers from 0.").first).to_be_visible()
    assert (read_map(page) == label_map).all()


def test_the_saved_comparison_holds_the_map_and_both_pictures(page: Page, painters: Painters) -> None:
    name, picture = saved(page, "Save the comparison")
    assert name == "facades-comparison.png" and picture.format == "PNG"
    sheet = np.asarray(picture)
    label_map = read_map(page)
    places = [places_of(sheet, expected) for expected in (FACADES.to_image(label_map), *painters.paint(label_map, 1))]
    assert places == sorted(places) and len(set(places)) == 3


def test_a_validation_sample_comes_with_its_photograph_for_as_long_as_it_is_not_painted_over(
    page: Page, data_dir: Path
) -> None:
    with Image.open(data_dir / "facades" / "val" / "1.jpg") as pair:
        photo, label_image = np.split(np.asarray(pair), 2, axis=1)
    expected, _ = FACADES.from_image(label_image)
    press(page, "Random validation sample")
    expect(page.locator(".comparison figcaption strong")).to_have_text(["GAN", "L1 only", "Photo"])
    assert (read_map(page) == expected).all()
    assert shown_pictures(page)[2] == to_data_url(photo)
    _, sheet = saved(page, "Save the comparison")
    assert places_of(np.asarray(sheet), photo)[0] > 3 * 256
    for view in VIEWS:
        look(page, view)
        expect(page.locator(".comparison img").last).to_have_attribute("src", to_data_url(photo))
    look(page, VIEWS[0])
    with page.expect_download() as download:
        press(page, "Save the image of Photo")
    assert download.value.suggested_filename == "photo.png"
    choose(page, "door")
    drag(page, (60, 100), (120, 100))
    expect(page.locator(".comparison img")).to_have_count(2)
    press(page, "Undo")
    expect(page.locator(".comparison img")).to_have_count(3)
