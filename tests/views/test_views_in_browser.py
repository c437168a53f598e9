"""The views of the comparison, in Chromium."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from demo.comparison import to_data_url
from demo.views import VIEWS, WHITE_LEVELS, levels_apart
from tests.helpers.browser import (
    READ_CONTRASTS,
    Fingers,
    both_pictures_change,
    choose,
    drag,
    read_map,
    shown_pictures,
    wait_for_pictures,
)
from tests.helpers.in_pages import run_script
from tests.helpers.painters import Painters
from tests.helpers.tabs import Tabs
from tests.helpers.views import PIXELS, look


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


def test_the_difference_is_that_of_the_two_pictures_and_its_scale_is_said(page: Page, painters: Painters) -> None:
    apart = levels_apart(*painters.paint(read_map(page), 1))
    look(page, "Difference")
    expect(page.locator(".cp-words")).to_have_text(re.compile(rf"White: {WHITE_LEVELS} or more of 255 levels apart"))
    expect(page.locator(".cp-words")).to_contain_text(f"On average they are {apart.mean():.0f} levels apart")
    grey = run_script(page.locator(".comparison img"), PIXELS).reshape(256, 256, 4)[..., 0]
    assert np.abs(grey - np.minimum(apart * 255 / WHITE_LEVELS, 255)).mean() < 3  # JPEG


def test_variations_are_four_seeds_of_the_gan(page: Page, painters: Painters) -> None:
    look(page, "Variations")
    expect(page.locator(".comparison figcaption strong")).to_have_text(["Seed 1", "Seed 2", "Seed 3", "Seed 4"])
    label_map = read_map(page)
    painters.wait(page, [painters.paint(label_map, seed)[0] for seed in (1, 2, 3, 4)])
    page.get_by_label("Seed", exact=True).fill(str(2**32 - 2))
    expect(page.locator(".comparison figcaption strong")).to_have_text(
        ["Seed 4294967294", "Seed 4294967295", "Seed 0", "Seed 1"]
    )
    expect(page.locator(".cp-words")).to_contain_text("It can vary tones and details")
    expect(page.locator(".cp-words")).to_contain_text("It cannot vary the image as a whole")


def test_epochs_are_those_of_both_models_the_released_ones_last(page: Page, painters: Painters) -> None:
    gan, l1 = (to_data_url(picture) for picture in painters.paint(read_map(page), 1))
    look(page, "Epochs")
    expect(page.locator(".comparison figcaption strong")).to_have_text(
        [f"{name}, epoch {epoch}" for name in ("GAN", "L1 only") for epoch in (1, 2, 3, 4)]
    )
    assert shown_pictures(page) == [l1, l1, l1, gan, gan, gan, gan, l1]
    tops = page.locator(".comparison img").evaluate_all("all => all.map(i => Math.round(i.getBoundingClientRect().y))")
    assert len(set(tops[:4])) == len(set(tops[4:])) == 1 and tops[0] < tops[4]  # a row for each model
    choose(page, "door")
    before = shown_pictures(page)
    drag(page, (60, 100), (120, 100))
    wait_for_pictures(
        page, [to_data_url(painters.paint(read_map(page), 1)[number]) for number in (1, 1, 1, 0, 0, 0, 0, 1)]
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
    expect(page.get_by_role("button", name="Save the image of GAN")).to_be_focused()
    page.get_by_text("What am I looking at?").focus()
    expect(page.get_by_text("which looks blurred")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.get_by_text("which looks blurred")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_text_of_every_view_has_the_contrast_of_wcag_aa(tabs: Tabs, app_url: str, theme: str) -> None:
    with tabs.open(app_url, f"?__theme={theme}") as page:
        page.get_by_text("What am I looking at?").click()
        for view in VIEWS[1:]:
            look(page, view)
            contrasts = page.evaluate(READ_CONTRASTS)
            assert [(text, round(contrast, 2)) for text, contrast in contrasts if contrast < 4.5] == []
            assert {"Surprise me", view} <= {text for text, _ in contrasts}


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
