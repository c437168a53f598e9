"""Tabs of people's own models in Chromium: sizes, links and files, line drawings, opened images, one model alone."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from pix2pix import release
from pix2pix.labels import Palette
from tests.helpers.browser import both_pictures_change, choose, click, drag, press, read_map, served_app, watched
from tests.helpers.own_images import edges, photo, save
from tests.helpers.tabs import Tabs, visit
from tests.helpers.tiny import tiny_generator, tiny_release_config
from tests.helpers.views import saved

LAND = Palette(("void", "roof", "tree", "water"), ("#202020", "#c03020", "#208030", "#2060c0"))
PAPER = Palette(("paper", "line"), ("#ffffff", "#000000"))
ROOFS = np.zeros((256, 512), np.uint8)
ROOFS[100:, 40:300] = 1
MODELS: dict[str, dict[str, object]] = {
    "land-gan": {"palette": LAND, "size": (512, 256)},
    "land-l1": {"palette": LAND, "size": (512, 256), "objective": "l1"},
    "square-gan": {"palette": LAND, "size": (512, 512)},
    "shoes-l1": {"palette": None, "drawing": PAPER.colors, "direction": "AtoB", "objective": "l1"},
    "photos-gan": {"palette": None, "direction": "AtoB"},
}


@pytest.fixture(scope="module")
def app_url(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with four tabs of tiny models, and pairs for two of them."""
    folder = tmp_path_factory.mktemp("own")
    for seed, (name, changes) in enumerate(MODELS.items()):
        release.save(folder / name, tiny_generator(seed), tiny_release_config(**({"dataset": "own"} | changes)))
    save(np.concatenate([photo(1), photo(2)], 1), folder / "land" / "A" / "train" / "1.png")
    save(LAND.to_image(ROOFS), folder / "land" / "B" / "train" / "1.png")
    save(np.concatenate([edges(1), photo(1)], 1), folder / "shoes" / "train" / "1.png")
    flags = [f"--weights={name}={folder / name}" for name in MODELS]
    flags += [f"--data={name}={folder / name}" for name in ("land", "shoes")]
    with served_app(tmp_path_factory.mktemp("app"), *flags) as url:
        yield url


@pytest.fixture
def page(tabs: Tabs, app_url: str) -> Iterator[Page]:
    with tabs.blank(permissions=["clipboard-read", "clipboard-write"]) as page, watched(page, app_url):
        visit(page, app_url)
        page.locator(".comparison img[src]").first.wait_for()
        yield page


def open_own(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()
    expect(page.locator(f"#studio-{name.lower()}")).to_be_visible()


def sizes(page: Page) -> list[list[int]]:
    """Width and height of the images that are shown."""
    shown = page.locator(".comparison:visible img")
    shown.first.wait_for()
    decoded = "all => Promise.all(all.map((p) => p.decode().then(() => [p.naturalWidth, p.naturalHeight])))"
    return shown.evaluate_all(decoded)


def test_a_wide_map_is_painted_saved_and_linked(page: Page) -> None:
    assert (read_map(page, LAND) == ROOFS).all(), "the first sample"
    assert sizes(page) == [[512, 256]] * 3, "both models and the photo"
    choose(page, "Rectangle")
    choose(page, "water")
    with both_pictures_change(page):
        drag(page, (400, 150), (500, 250))
    expected = ROOFS.copy()
    expected[150:251, 400:501] = 3
    assert (read_map(page, LAND) == expected).all()
    assert sizes(page) == [[512, 256]] * 2
    name, picture = saved(page, "Save the map")
    assert name == "land-map.png" and (np.asarray(picture) == expected).all()
    assert saved(page, "Save the comparison")[1].width > 3 * 512
    press(page, "Copy link")
    expect(page.locator(".lc-hint:visible")).to_have_text("Link copied.")
    link = page.evaluate("navigator.clipboard.readText()")
    press(page, "Random sample")
    page.goto("about:blank")
    page.goto(link)
    page.wait_for_selector(".comparison img[src]")
    page.wait_for_function("document.querySelector('.lc-hint').textContent.includes('The map of the link')")
    assert (read_map(page, LAND) == expected).all()


def test_one_model_of_512x512_paints_alone(page: Page) -> None:
    open_own(page, "Square")
    page.locator(".comparison:visible img[src]").first.wait_for()
    assert sizes(page) == [[512, 512]]
    page.locator("summary:visible").click()
    expect(page.locator(".cp-facts:visible")).to_contain_text("GAN was trained for 3 epochs.")
    expect(page.get_by_text("The same network was trained twice").locator("visible=true")).to_have_count(0)
    choose(page, "Fill")
    choose(page, "tree")
    with both_pictures_change(page):
        click(page, (500, 10))
    assert (read_map(page, LAND) == np.full((512, 512), 2)).all()
    expect(page.get_by_role("radio", name="Slider").locator("visible=true")).to_have_count(0)


def test_lines_are_drawn_in_two_colours(page: Page) -> None:
    open_own(page, "Shoes")
    page.locator(".comparison:visible img[src]").first.wait_for()
    assert (read_map(page, PAPER) == (edges(1)[..., 0] == 0)).all(), "the first sample"
    boxes = [image.bounding_box() for image in page.locator(".comparison:visible img").all()]
    assert len(boxes) == 2 and len({box and box["y"] for box in boxes}) == 1, "the photo is beside the image"
    expect(page.locator(".lc-size output:visible")).to_have_text("3")
    expect(page.get_by_role("button", name="Open a drawing")).to_be_visible()
    assert page.locator("#studio-shoes").get_by_role("button", name="Surprise me").count() == 0


def test_an_image_is_opened_where_there_is_nothing_to_paint(page: Page) -> None:
    open_own(page, "Photos")
    expect(page.get_by_text("Open an image, such as a photo.")).to_be_visible()
    content = io.BytesIO()
    Image.fromarray(np.concatenate([photo(1), photo(2)], 1)).save(content, "PNG")
    file = {"name": "wide.png", "mimeType": "image/png", "buffer": content.getvalue()}
    page.locator("input:has(+ #open-photos)").set_input_files(file)
    expect(page.get_by_text("Its shape differs from the canvas, so its middle is used.").first).to_be_visible()
    page.locator(".comparison:visible img[src]").first.wait_for()
    assert sizes(page) == [[256, 256]]
    with both_pictures_change(page):
        press(page, "Stretch to fill")
    assert saved(page, "Save the comparison")[1].width < 3 * 256
