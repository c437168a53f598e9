"""Tabs of people's own models: what the command line takes, and what the page makes of it."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from demo import models
from demo.app import build_demo, launch
from demo.command_line import read_command_line
from demo.label_canvas import encode
from demo.models import MODELS
from demo.subjects import introduce
from demo.tabs import Tab, make_tabs
from demo.views import views_of
from pix2pix import release
from pix2pix.labels import FACADES, Palette
from pix2pix.painter import Painter, read_input
from tests.helpers.own_images import edges, house_image, on_white, photo, save
from tests.helpers.server import program_at
from tests.helpers.tiny import tiny_generator, tiny_release_config

LAND = Palette(("roof", "void", "water"), ("#c03020", "#202020", "#2060c0"))
DRAWING = {"palette": None, "direction": "AtoB", "drawing": ("#ffffff", "#000000")}
Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a released folder and returns it."""

    def make_release(name: str = "land", **changes: object) -> Path:
        config = tiny_release_config(**({"dataset": "land", "palette": LAND, "size": (512, 256)} | changes))
        release.save(tmp_path / name, tiny_generator(len(name)), config)
        return tmp_path / name

    return make_release


@pytest.fixture(scope="module", autouse=True)
def bundled_models_are_read_once() -> Iterator[None]:
    """The weights beside the page, which every command line here reads."""
    read = models.read_painter
    read_once = cache(read)

    def read_painter(name: str, folder: Path, source: str) -> Painter:
        return (read_once if folder.parent == models.BUNDLED_WEIGHTS else read)(name, folder, source)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "read_painter", read_painter)
        yield


def tabs_of(*arguments: str) -> dict[str, Tab]:
    options = read_command_line(arguments, {})
    tabs = make_tabs(options.models, options.samples, segmenters=options.segmenters)
    return {tab.name: tab for tab in tabs}


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit):
        read_command_line(arguments, {})
    return capsys.readouterr().err.splitlines()[-1]


def test_a_tab_has_palette_size_and_names_of_its_release_and_comes_before_the_bundled_ones(make: Make) -> None:
    gan, l1 = make("one"), make("two", objective="l1")
    tabs = tabs_of(f"--weights=my-land-l1={l1}", f"--weights=my-land-gan={gan}")
    assert list(tabs) == ["my-land", "facades", "cityscapes"]
    tab = tabs["my-land"]
    assert (tab.palette, tab.size, list(tab.models), tab.input_name) == (LAND, (512, 256), ["gan", "l1"], "map")
    assert (tab.background, tab.subject.start_class) == (1, "roof"), "void stands for nothing"
    assert (tab.first_input == np.ones((256, 512))).all()
    assert (tab.examples, tab.subject.api_suffix, tab.subject.title) == ({}, "_my_land", "My-land")


def test_one_model_alone_has_no_views_of_two(make: Make) -> None:
    tab = tabs_of(f"--weights=land-l1={make(objective='l1')}")["land"]
    painters = {name: model.painter for name, model in tab.models.items()}
    assert list(painters) == ["l1"]
    assert views_of(painters) == ["Image", "Variations"]


def test_the_heading_speaks_of_one_network_or_of_two() -> None:
    two, one, some = (introduce("Paint <trees>", numbers) for numbers in ((2, 2), (1,), (1, 2)))
    assert all("<h1>Paint &lt;trees&gt;</h1>" in words for words in (two, one, some))
    assert ["Two networks" in words for words in (two, one, some)] == [True, False, True]
    assert ["paints alone" in words for words in (two, one, some)] == [False, False, True]


def test_a_run_folder_is_taken_as_its_release(make: Make, tmp_path: Path) -> None:
    make("run/release")
    tab = tabs_of(f"--weights=land-gan={tmp_path / 'run'}")["land"]
    assert tab.palette == LAND
    assert tab.models["gan"].source == str(tmp_path / "run")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size": (256, 256)}, "land-gan and land-l1 have different sizes, 512x256 and 256x256;"),
        ({"palette": FACADES}, "land-gan and land-l1 have different palettes;"),
        (DRAWING, "land-gan and land-l1 have different palettes;"),
        ({"palette_of": "output"}, "land-gan and land-l1 have different palettes;"),
    ],
)
def test_models_of_one_tab_that_do_not_belong_together_are_refused(
    make: Make, capsys: pytest.CaptureFixture[str], changes: dict[str, object], words: str
) -> None:
    gan, l1 = make("one"), make("two", objective="l1", **changes)
    assert words in complaint(capsys, f"--weights=land-gan={gan}", f"--weights=land-l1={l1}")


def test_models_of_images_that_go_opposite_ways_are_refused(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    gan, l1 = (
        make(objective, objective=objective, palette=None, direction=direction)
        for objective, direction in (("gan", "AtoB"), ("l1", "BtoA"))
    )
    assert "have different directions;" in complaint(capsys, f"--weights=land-gan={gan}", f"--weights=land-l1={l1}")


PAIRS: dict[str, tuple[dict[str, object], np.ndarray, np.ndarray, int]] = {
    "maps on the right": ({"palette": FACADES}, photo(1), house_image(), 1),
    "maps on the left": ({"palette": FACADES, "direction": "AtoB"}, house_image(), photo(1), 0),
    "maps on the other side": ({"palette": FACADES}, house_image(), photo(1), 0),
    "drawings of things on white": (DRAWING, edges(1), on_white(1), 0),
    "drawings on the right": (DRAWING | {"direction": "BtoA"}, on_white(1), edges(1), 1),
    "photos to maps": ({"palette": FACADES, "palette_of": "output", "direction": "AtoB"}, photo(1), house_image(), 0),
    "few colours, no palette": ({"palette": None, "direction": "AtoB"}, house_image(), photo(1), 0),
    "few colours on the right": ({"palette": None}, photo(1), house_image(), 1),
}


@pytest.mark.parametrize("name", PAIRS)
def test_of_a_pair_the_page_and_the_painter_read_what_the_model_takes(make: Make, tmp_path: Path, name: str) -> None:
    changes, left, right, side = PAIRS[name]
    folder = make(**({"size": (256, 256)} | changes))
    tab = tabs_of(f"--weights=land-gan={folder}")["land"]
    opened = tab.read(save(np.concatenate([left, right], 1), tmp_path / "pair.png"))
    what = "input" if tab.palette is None else "drawing" if "drawing" in changes else "label map"
    assert f"This file is a pair; the {what}, its " in opened.words
    assert f", its {('left', 'right')[side]} half, is" in opened.words
    shown = tab.palette.to_image(opened.input) if tab.palette else opened.input
    assert (shown == (left, right)[side]).all()
    config = Painter.load(folder).config
    assert (read_input(config, tmp_path / "pair.png").pixels == (left, right)[side]).all()


def test_a_pair_of_photos_may_be_a_wide_photo_so_its_middle_is_used_with_advice(make: Make, tmp_path: Path) -> None:
    tab = tabs_of(f"--weights=land-gan={make(size=(256, 256), palette=None)}")["land"]
    path = save(np.concatenate([photo(1), photo(2)], 1), tmp_path / "wide.png")
    assert tab.read(path).words == (
        "Its shape differs from the canvas, so its middle is used. If it is a pair of photos, open the input alone."
    )
    assert tab.read(path, stretch=True).words == ""
    assert "pair" not in tab.read(save(photo(1)[:192], tmp_path / "other.png")).words


def test_a_model_under_the_wrong_objective_is_refused_with_its_right_name(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make(objective="l1")
    said = complaint(capsys, f"--weights=land-gan={folder}")
    assert said.endswith(f"land-gan: {folder} is of the objective l1; name it land-l1")


def test_a_bundled_name_needs_the_size_of_its_examples(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make(dataset="facades", palette=FACADES)
    said = complaint(capsys, f"--weights=facades-gan={folder}")
    assert (
        "has another palette or size than the examples of facades; under another name, such as my-facades-gan" in said
    )
    assert tabs_of(f"--weights=my-facades-gan={folder}")["my-facades"].palette == FACADES


def test_drawings_have_two_colours_and_other_images_are_opened(make: Make, tmp_path: Path) -> None:
    save(np.concatenate([edges(1), photo(1)], 1), tmp_path / "shoes" / "train" / "1.png")
    drawing, image = make("shoes-gan", size=(256, 256), **DRAWING), make("photos", palette=None)
    tabs = tabs_of(
        f"--weights=shoes-gan={drawing}", f"--weights=photos-gan={image}", f"--data=shoes={tmp_path / 'shoes'}"
    )
    shoes, photos = tabs["shoes"], tabs["photos"]
    assert shoes.palette and (shoes.input_name, shoes.palette.colors) == ("drawing", ("#ffffff", "#000000"))
    assert shoes.first_input is not None and (shoes.first_input == (edges(1)[..., 0] == 0)).all()
    assert (photos.input_name, photos.palette, photos.first_input) == ("image", None, None)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (["--data=nowhere"], "--data: nowhere belongs to no tab; give NAME=DIR, with NAME one of land, sea"),
        (["--data=land=nowhere"], "--data: nowhere holds no pairs; name the folder that a model of this tab"),
    ],
)
def test_data_of_no_tab_or_without_pairs_is_refused(
    make: Make, capsys: pytest.CaptureFixture[str], data: list[str], words: str
) -> None:
    assert words in complaint(capsys, f"--weights=land-gan={make()}", f"--weights=sea-gan={make('sea')}", *data)
    assert "give --weights NAME-gan=FOLDER first" in complaint(capsys, "--data=nowhere")


def test_photos_become_maps_in_a_tab_with_a_segmenter(make: Make, tmp_path: Path) -> None:
    maker = make("maker", direction="AtoB", palette_of="output")
    path = save(np.concatenate([photo(1), photo(2)], 1), tmp_path / "photo.png")
    with pytest.raises(ValueError, match="looks like a photo"):
        tabs_of(f"--weights=land-gan={make()}")["land"].open(path)
    tab = tabs_of(f"--weights=land-gan={make()}", f"--segmenter=land={maker}")["land"]
    opened = tab.open(path)
    assert opened.input.shape == (256, 512) and opened.input.max() < len(LAND)
    assert opened.words.startswith("This photo was turned into a label map")
    shown = tab.photo_of(opened.input)
    assert shown is not None and (shown == np.asarray(Image.open(path))).all()


def test_a_segmenter_of_no_tab_or_of_other_classes_is_refused(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    weights = f"--weights=land-gan={make()}"
    others = make("others", palette=FACADES, direction="AtoB", palette_of="output")
    for wrong in (others, make("forwards")):
        assert "makes no label maps of the classes of land" in complaint(capsys, weights, f"--segmenter=land={wrong}")
    assert "is not NAME=SOURCE, with NAME one of land" in complaint(capsys, weights, f"--segmenter=sea={others}")
    assert "--segmenter: " in complaint(capsys, weights, "--segmenter=land=nowhere")
    assert "with NAME that of --weights" in complaint(capsys, "--segmenter=land=nowhere")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> tuple[Client, gr.Blocks, dict[str, Painter]]:
    """The page with a pair of 512x256, drawings by one model alone, and images that become label maps."""
    folder = tmp_path_factory.mktemp("own")
    configs = {
        "land-gan": {"palette": LAND, "size": (512, 256)},
        "land-l1": {"palette": LAND, "size": (512, 256), "objective": "l1"},
        "shoes-gan": DRAWING,
        "maps-gan": {"direction": "AtoB", "palette_of": "output"},
    }
    for seed, (name, changes) in enumerate(configs.items()):
        release.save(folder / name, tiny_generator(seed), tiny_release_config(**({"dataset": "own"} | changes)))
    flags = [f"--weights={name}={folder / name}" for name in configs]
    models = read_command_line(flags, {}).models
    demo = build_demo({name: model for name, model in models.items() if name not in MODELS})
    _, url, _ = launch(demo, prevent_thread_lock=True, quiet=True)
    yield program_at(url), demo, {name: Painter.load(folder / name) for name in configs}
    demo.close()


def near(file: str, expected: np.ndarray) -> bool:
    """Whether a file holds an image, within a level: the app's threads may add up in another order."""
    found = np.asarray(Image.open(file)).astype(int)
    return found.shape == expected.shape and np.abs(found - expected).max() <= 1


def test_programs_paint_maps_of_the_size_of_the_release(served, tmp_path: Path) -> None:
    client, _, painters = served
    rng = np.random.default_rng(0)
    label_map = rng.integers(0, 3, (256, 512)).astype(np.uint8)  # more runs than any map of 256x256 has
    gan, l1, times = client.predict(encode(label_map).model_dump(), 5, True, api_name="/paint_land")
    assert near(gan, painters["land-gan"].paint(label_map, 5)) and near(l1, painters["land-l1"].paint(label_map, 5))
    assert set(times) == {"gan", "l1"}
    path = save(LAND.to_image(label_map), tmp_path / "map.png")
    assert near(client.predict(handle_file(path), 5, True, api_name="/predict_land")[0], np.asarray(Image.open(gan)))


def test_one_model_answers_with_one_file(served) -> None:
    client, _, painters = served
    drawing = np.eye(256, dtype=np.uint8)
    file, times = client.predict(encode(drawing).model_dump(), 5, True, api_name="/paint_shoes")
    assert near(file, painters["shoes-gan"].paint(drawing, 5)) and list(times) == ["gan"]


def test_images_are_taken_from_files_alone(served, tmp_path: Path) -> None:
    client, _, painters = served
    expected = painters["maps-gan"].paint_image(photo(1), 5)
    path = save(photo(1), tmp_path / "photo.png")
    assert near(client.predict(handle_file(path), 5, True, api_name="/predict_maps")[0], expected)
    pair = save(np.concatenate([photo(1), house_image()], 1), tmp_path / "pair.png")
    assert near(client.predict(handle_file(pair), 5, True, api_name="/predict_maps")[0], expected)
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(endpoints) == {"/paint_land", "/predict_land", "/paint_shoes", "/predict_shoes", "/predict_maps"}
