"""Comparing, surprises, opening and saving on the real page in Chromium."""

import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import draw_label_map, draw_pair
from gradio_client import Client
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from test_browser import (
    PHONE,
    READ_CONTRASTS,
    both_pictures_change,
    choose,
    drag,
    open_tab,
    opened_page,
    press,
    read_map,
    served_app,
    shown_pictures,
    wait_for_map,
    wait_for_pictures,
)
from test_browser_canvas import Fingers

from demo.comparison import to_data_url
from demo.label_canvas import encode
from demo.label_pictures import to_png
from demo.models import BUNDLED_WEIGHTS
from demo.views import VIEWS, WHITE_LEVELS, levels_apart
from pix2pix.labels import CITYSCAPES, FACADES
from pix2pix.release import load_config, weights_of_epoch

PIXELS = """
picture => picture.decode().then(() => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
  canvas.getContext('2d').drawImage(picture, 0, 0);
  return Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data);
})
"""


@pytest.fixture(scope="module")
def app_url(browser: Browser, data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with the bundled weights, three earlier "epochs" of each, and a validation split of one drawn pair.

    The earlier weights of each model are the other model's, so that it can be told which of them painted.
    """
    flags = ["--data-dir", str(data_dir)]
    for name, other in (("facades-gan", "facades-l1"), ("facades-l1", "facades-gan")):
        folder = shutil.copytree(BUNDLED_WEIGHTS / name, tmp_path_factory.mktemp("released") / name)
        (folder / "epochs").mkdir()
        for epoch in (1, 2, 3):
            weights_of_epoch(folder / "epochs", epoch).symlink_to(BUNDLED_WEIGHTS / other / "model.safetensors")
        flags += ["--weights", f"{name}={folder}"]
    with served_app(tmp_path_factory.mktemp("app"), *flags) as url:
        yield url


@pytest.fixture
def page(browser: Browser, app_url: str) -> Iterator[Page]:
    with opened_page(browser, app_url) as page:
        yield page


@pytest.fixture
def phone(browser: Browser, app_url: str) -> Iterator[Page]:
    with opened_page(browser, app_url, **PHONE) as page:
        yield page


def look(page: Page, view: str) -> None:
    """Chooses a view and waits until it is shown."""
    page.locator(".view-choice label", has_text=view).click()
    expect(page.get_by_role("radio", name=view, exact=True)).to_be_checked()
    page.locator(f'.cp-pictures[data-view="{view}"] img[src]').first.wait_for()
    page.wait_for_function(
        "[...document.querySelectorAll('.cp-pictures img')].every((picture) => picture.naturalWidth)"
    )


def painted(app_url: str, label_map: np.ndarray, seed: int) -> list[np.ndarray]:
    """The GAN's and the L1 model's pictures of a map, from the endpoint for programs."""
    *files, _ = Client(app_url, verbose=False).predict(encode(label_map).model_dump(), seed, True, api_name="/paint")
    return [np.asarray(Image.open(file)) for file in files]


def open_file(page: Page, name: str, content: bytes) -> None:
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


def saved(page: Page, button: str) -> tuple[str, Image.Image]:
    """The name and the contents of the file that a button saves."""
    with page.expect_download() as download:
        press(page, button)
    return download.value.suggested_filename, Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))


# ---- Views ------------------------------------------------------------------------------------------------------------------------


def test_the_slider_divides_one_picture_between_both_models_by_mouse_and_keyboard(page: Page) -> None:
    pictures = shown_pictures(page)
    look(page, "Slider")
    expect(page.locator(".comparison img")).to_have_count(2)
    assert sorted(shown_pictures(page)) == sorted(pictures)
    split = page.get_by_role("slider", name="Where the GAN ends")
    expect(split).to_have_value("50")
    box = page.locator(".cp-slider").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 60, steps=3)
    page.mouse.up()
    expect(split).to_have_value("80")
    page.keyboard.press("ArrowLeft")
    expect(split).to_have_value("79")
    choose(page, "door")
    with both_pictures_change(page):
        drag(page, (60, 100), (120, 100))
    expect(split).to_have_value("79")  # a stroke leaves it where it is


def test_left_of_the_line_there_is_the_gan_and_right_of_it_l1(page: Page) -> None:
    whole = {}
    look(page, "Slider")
    slider = page.locator(".cp-slider")
    for share in (0, 100, 40):
        page.get_by_role("slider", name="Where the GAN ends").fill(str(share))
        page.mouse.move(0, 0)
        whole[share] = np.asarray(Image.open(io.BytesIO(slider.screenshot())).convert("RGB")).astype(int)
    l1, gan, both = whole[0], whole[100], whole[40]
    width = both.shape[1]
    margin = 24  # the line, its handle and its shadow
    middle = round(0.4 * width)
    np.testing.assert_array_equal(both[:, margin : middle - margin], gan[:, margin : middle - margin])
    np.testing.assert_array_equal(both[:, middle + margin : -margin], l1[:, middle + margin : -margin])
    assert (gan != l1).mean() > 0.5


def test_the_difference_is_that_of_the_two_pictures_and_its_scale_is_said(page: Page, app_url: str) -> None:
    apart = levels_apart(*painted(app_url, read_map(page), 1))
    look(page, "Difference")
    expect(page.locator(".cp-words")).to_have_text(re.compile(rf"White: {WHITE_LEVELS} or more of 255 levels apart"))
    expect(page.locator(".cp-words")).to_contain_text(f"On average they are {apart.mean():.0f} levels apart")
    grey = np.array(page.locator(".comparison img").evaluate(PIXELS)).reshape(256, 256, 4)[..., 0]
    assert np.abs(grey - np.minimum(apart * 255 / WHITE_LEVELS, 255)).mean() < 3  # JPEG


def test_variations_are_four_seeds_of_the_gan(page: Page, app_url: str) -> None:
    look(page, "Variations")
    expect(page.locator(".comparison figcaption strong")).to_have_text(["Seed 1", "Seed 2", "Seed 3", "Seed 4"])
    label_map = read_map(page)
    wait_for_pictures(page, [to_data_url(painted(app_url, label_map, seed)[0]) for seed in (1, 2, 3, 4)])
    page.get_by_label("Seed", exact=True).fill(str(2**32 - 2))
    expect(page.locator(".comparison figcaption strong")).to_have_text(
        ["Seed 4294967294", "Seed 4294967295", "Seed 0", "Seed 1"]
    )
    page.get_by_label("Dropout").uncheck()
    expect(page.locator(".cp-words")).to_have_text(
        "Without dropout there is no noise: every seed gives the same picture."
    )
    assert len(set(shown_pictures(page))) == 1


def test_epochs_are_those_of_both_models_the_released_ones_last(page: Page, app_url: str) -> None:
    gan, l1 = (to_data_url(picture) for picture in painted(app_url, read_map(page), 1))
    look(page, "Epochs")
    own = {model: load_config(BUNDLED_WEIGHTS / f"facades-{model}").epochs for model in ("gan", "l1")}
    expect(page.locator(".comparison figcaption strong")).to_have_text(
        [
            f"{name}, epoch {epoch}"
            for name, last in (("GAN", own["gan"]), ("L1 only", own["l1"]))
            for epoch in (1, 2, 3, last)
        ]
    )
    assert shown_pictures(page) == [l1, l1, l1, gan, gan, gan, gan, l1]
    choose(page, "door")
    before = shown_pictures(page)
    drag(page, (60, 100), (120, 100))
    wait_for_pictures(
        page, [to_data_url(painted(app_url, read_map(page), 1)[number]) for number in (1, 1, 1, 0, 0, 0, 0, 1)]
    )
    assert not set(shown_pictures(page)) & set(before)


def test_views_are_one_tab_stop_and_arrow_keys_choose(page: Page) -> None:
    views = page.get_by_role("group", name="View").get_by_role("radio")
    expect(views).to_have_count(len(VIEWS))
    views.first.focus()
    for view in (*VIEWS[1:], VIEWS[0]):
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("radio", name=view, exact=True)).to_be_checked()
        page.locator(f'.cp-pictures[data-view="{view}"]').wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Save the picture of GAN")).to_be_focused()
    page.get_by_text("What am I looking at?").focus()
    expect(page.get_by_text("that is a blur")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.get_by_text("that is a blur")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_text_of_every_view_has_the_contrast_of_wcag_aa(browser: Browser, app_url: str, theme: str) -> None:
    with opened_page(browser, app_url, f"?__theme={theme}") as page:
        page.get_by_text("What am I looking at?").click()
        for view in VIEWS[1:]:
            look(page, view)
            contrasts = page.evaluate(READ_CONTRASTS)
            assert [(text, round(contrast, 2)) for text, contrast in contrasts if contrast < 4.5] == []
            assert {"Surprise me", view} <= {text for text, _ in contrasts}


# ---- Maps that come and go --------------------------------------------------------------------------------------------------------


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
    open_tab(page, "Cityscapes")
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


def test_the_same_map_can_be_saved_twice(page: Page) -> None:
    assert saved(page, "Save the map")[1].tobytes() == saved(page, "Save the map")[1].tobytes()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("photo.jpg", "This looks like a photograph"),
        ("notes.png", "This file is not a picture that can be read."),
        ("cut.png", "damaged or incomplete"),
    ],
)
def test_a_file_that_is_no_map_is_refused_with_a_sentence_and_the_map_stays(
    page: Page, name: str, sentence: str
) -> None:
    photo = io.BytesIO()
    draw_pair(1).crop((0, 0, 256, 256)).save(photo, "JPEG")
    before = read_map(page)
    content = {
        "photo.jpg": photo.getvalue(),
        "notes.png": b"not a picture",
        "cut.png": to_png(draw_label_map(3), FACADES)[:-300],
    }[name]
    open_file(page, name, content)
    expect(page.get_by_text(sentence).first).to_be_visible()
    assert (read_map(page) == before).all()
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_the_share_of_guessed_pixels_is_said(page: Page) -> None:
    pixels = FACADES.to_image(draw_label_map(3)).copy()
    pixels[:64] = (120, 120, 120)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    with both_pictures_change(page):
        open_file(page, "grey.png", content.getvalue())
    expect(page.get_by_text("25.0% of the pixels were far from every colour of the palette.").first).to_be_visible()
    assert (read_map(page)[64:] == draw_label_map(3)[64:]).all()


def test_the_saved_comparison_holds_the_map_and_both_pictures(page: Page, app_url: str) -> None:
    name, picture = saved(page, "Save the comparison")
    assert name == "facades-comparison.png" and picture.format == "PNG"
    sheet = np.asarray(picture)
    label_map = read_map(page)
    places = [places_of(sheet, expected) for expected in (FACADES.to_image(label_map), *painted(app_url, label_map, 1))]
    assert places == sorted(places) and len(set(places)) == 3


def places_of(sheet: np.ndarray, picture: np.ndarray) -> tuple[int, int]:
    """Where a picture is in a larger one, to the pixel and within one level: column, row."""
    for row in range(sheet.shape[0] - 255):
        for column in range(sheet.shape[1] - 255):
            near = np.abs(sheet[row, column : column + 256].astype(int) - picture[0]).max() <= 1
            if near and np.abs(sheet[row : row + 256, column : column + 256].astype(int) - picture).max() <= 1:
                return column, row
    pytest.fail("the picture is not there")


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
    choose(page, "door")
    drag(page, (60, 100), (120, 100))
    expect(page.locator(".comparison img")).to_have_count(2)
    press(page, "Undo")
    expect(page.locator(".comparison img")).to_have_count(3)


# ---- Phone ------------------------------------------------------------------------------------------------------------------------


def test_every_view_fits_a_phone_and_a_finger(phone: Page) -> None:
    for view in (*VIEWS[1:], VIEWS[0]):
        look(phone, view)
        assert phone.evaluate("document.documentElement.scrollWidth") == 390
        heights = phone.locator(
            ".view-choice label, .comparison button, .comparison summary, .map-actions button"
        ).evaluate_all(
            "all => all.filter(part => part.checkVisibility()).map(part => part.getBoundingClientRect().height)"
        )
        assert len(heights) >= 10 and min(heights) >= 44


def test_a_finger_moves_the_line_of_the_slider(phone: Page) -> None:
    look(phone, "Slider")
    box = phone.locator(".cp-slider").bounding_box()
    assert box is not None
    session = Fingers(phone).session
    for kind, share in (("touchStart", 0.5), ("touchMove", 0.4), ("touchMove", 0.25), ("touchEnd", None)):
        points = [] if share is None else [{"x": box["x"] + share * box["width"], "y": box["y"] + 40}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    expect(phone.get_by_role("slider", name="Where the GAN ends")).to_have_value("25")
