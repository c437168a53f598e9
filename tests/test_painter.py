"""Painting: what an image depends on, and painting files from the command line."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pix2pix import noise, release
from pix2pix.labels import FACADES
from pix2pix.painter import Painter, main, paint_file, read_input
from tests.helpers.app import ROOT
from tests.helpers.environment import PATIENCE
from tests.helpers.tiny import draw_label_map, draw_pair, needs_vnni, tiny_generator, tiny_release_config


@pytest.fixture(scope="module")
def painter(released_folder: Path) -> Painter:
    return Painter.load(released_folder)


LABEL_MAP = draw_label_map(0)


def test_an_image_is_what_the_generator_makes_of_the_label_image(painter):
    image = painter.paint(LABEL_MAP, 0, dropout=False)
    x = torch.tensor(painter.label_image(LABEL_MAP)).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.no_grad():
        expected = ((painter.generator(x)[0].permute(1, 2, 0) + 1) * 127.5).round().numpy()
    assert image.shape == (256, 256, 3) and image.dtype == np.uint8
    np.testing.assert_array_equal(image, expected)
    assert image.std() > 0


def test_the_label_image_of_a_painted_map_reads_back_to_it_and_has_soft_edges(painter):
    label_image = painter.label_image(LABEL_MAP)
    clean = FACADES.to_image(LABEL_MAP)
    assert label_image.shape == clean.shape and label_image.dtype == np.uint8
    assert (FACADES.from_image(label_image)[0] == LABEL_MAP).mean() > 0.95
    edges = np.zeros((256, 256), bool)
    edges[:, 1:] |= LABEL_MAP[:, 1:] != LABEL_MAP[:, :-1]
    distance = np.abs(label_image.astype(int) - clean).mean(2)
    assert distance[edges].mean() > 20 > 4 > np.median(distance)


def test_the_same_seed_gives_the_same_image_and_another_seed_another(painter):
    first, again, other = (painter.paint(LABEL_MAP, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_dropout_is_on_by_default_and_without_it_the_seed_has_no_effect(painter):
    np.testing.assert_array_equal(painter.paint(LABEL_MAP, 1), painter.paint(LABEL_MAP, 1, dropout=True))
    np.testing.assert_array_equal(
        painter.paint(LABEL_MAP, 1, dropout=False), painter.paint(LABEL_MAP, 2, dropout=False)
    )
    assert (painter.paint(LABEL_MAP, 1) != painter.paint(LABEL_MAP, 1, dropout=False)).any()


def test_an_image_depends_neither_on_global_randomness_nor_on_earlier_images(painter):
    first = painter.paint(LABEL_MAP, 1)
    torch.manual_seed(123)
    state = torch.get_rng_state()
    painter.paint(draw_label_map(1), 5)
    np.testing.assert_array_equal(painter.paint(LABEL_MAP, 1), first)
    assert torch.equal(torch.get_rng_state(), state)


def test_two_models_get_the_same_noise_for_a_seed(released_folder):
    """The masks depend on the seed only, so that GAN and L1 can be compared."""
    drawn = []
    for seed in (0, 1):
        painter = Painter(tiny_generator(seed), tiny_release_config())
        painter.generator.register_forward_pre_hook(lambda _, arguments: drawn.append(arguments[1]))
        painter.paint(LABEL_MAP, 9)
    assert all(torch.equal(a, b) for a, b in zip(*drawn, strict=True))


def test_wider_maps_are_painted(painter):
    assert painter.paint(np.tile(LABEL_MAP, (1, 2)), 0).shape == (256, 512, 3)


@pytest.mark.parametrize("shape", [(255, 256), (256, 100), (128, 128)])
def test_a_size_that_does_not_fit_is_an_error_that_names_it(painter, shape):
    with pytest.raises(ValueError, match=f"multiples of 256, not {shape[1]}x{shape[0]}"):
        painter.paint(np.zeros(shape, np.uint8), 0)


def test_a_class_that_is_not_in_the_palette_is_an_error(painter):
    with pytest.raises(ValueError, match="the palette has 0 to 11"):
        painter.paint(np.full((256, 256), 12), 0)


@pytest.mark.parametrize("shape, dtype", [((256, 256), "uint8"), ((256, 256, 4), "uint8"), ((256, 256, 3), "float32")])
def test_a_label_image_that_is_not_8_bit_rgb_is_an_error(painter, shape, dtype):
    with pytest.raises(ValueError, match="uint8 RGB"):
        painter.paint_image(np.zeros(shape, dtype), 0)


def test_an_empty_label_image_is_an_error(painter):
    with pytest.raises(ValueError, match="not 256x0"):
        painter.paint_image(np.zeros((0, 256, 3), np.uint8), 0)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_is_an_error(painter, seed):
    with pytest.raises(ValueError, match=f"0 to 4294967295, not {seed}"):
        painter.paint(LABEL_MAP, seed)
    painter.paint(LABEL_MAP, 2**32 - 1)


def test_in_bf16_an_image_stays_near_that_of_fp32(released_folder):
    fast, exact = (Painter.load(released_folder, precision=precision) for precision in ("bf16", "fp32"))
    assert fast.dtype == torch.bfloat16 and exact.dtype == torch.float32
    difference = fast.paint(LABEL_MAP, 3).astype(int) - exact.paint(LABEL_MAP, 3)
    assert 0 < np.abs(difference).mean() < 2


@needs_vnni
def test_in_int8_an_image_stays_near_that_of_fp32_and_is_the_default(released_folder, painter):
    exact = Painter.load(released_folder, precision="fp32")
    assert (painter.precision, exact.precision) == ("int8", "fp32")
    difference = painter.paint(LABEL_MAP, 3).astype(int) - exact.paint(LABEL_MAP, 3)
    assert 0 < np.abs(difference).mean() < 2


def paint_files(released_folder: Path, source: Path, output: Path, *flags: str) -> int:
    return main(["--weights", str(released_folder), "--input", str(source), "--output", str(output), *flags])


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """A pair, its label image alone, and a file that is no image."""
    folder = tmp_path / "inputs"
    folder.mkdir()
    draw_pair(1).save(folder / "pair.jpg", quality=90)
    draw_pair(1).crop((256, 0, 512, 256)).save(folder / "label.PNG")
    (folder / "notes.txt").write_text("left alone")
    return folder


def test_ctrl_c_is_a_sentence(released_folder, inputs, tmp_path, monkeypatch, capsys):
    calls = []

    def paint_one(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return np.zeros((256, 256, 3), np.uint8)

    monkeypatch.setattr(Painter, "paint_image", paint_one)
    assert paint_files(released_folder, inputs, tmp_path / "out") == 130
    assert capsys.readouterr().err == f"Stopped. Images that are finished are in {tmp_path / 'out'}\n"
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_files_and_the_right_halves_of_pairs_are_painted_to_png_of_the_same_stem(
    painter, released_folder, inputs, tmp_path, capsys
):
    assert paint_files(released_folder, inputs, tmp_path / "new" / "out", "--seed", "4") == 0
    assert {path.name for path in (tmp_path / "new" / "out").iterdir()} == {"pair.png", "label.png"}
    archived = np.asarray(Image.open(inputs / "pair.jpg"))[:, 256:]
    # The pair's colours have JPEG noise, so it is used as it is; the other file is treated like a painted map.
    expected = {"pair": painter.paint_image(archived, 4), "label": painter.paint(draw_label_map(1), 4)}
    for path in (tmp_path / "new" / "out").iterdir():
        with Image.open(path) as image:
            assert (image.format, image.mode) == ("PNG", "RGB")
            np.testing.assert_array_equal(np.asarray(image), expected[path.stem])
    assert "painted 2 of 2 images" in capsys.readouterr().out


def test_files_are_painted_in_the_requested_precision(released_folder, inputs, tmp_path):
    paint_files(released_folder, inputs / "pair.jpg", tmp_path, "--precision", "fp32", "--seed", "4")
    expected = paint_file(Painter.load(released_folder, precision="fp32"), inputs / "pair.jpg", 4, dropout=True)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "pair.png")), expected)


def test_a_single_file_is_painted_without_dropout_on_request(painter, released_folder, inputs, tmp_path):
    assert paint_files(released_folder, inputs / "label.PNG", tmp_path, "--no-dropout") == 0
    expected = painter.paint(draw_label_map(1), 0, dropout=False)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "label.png")), expected)


def test_an_unavailable_precision_is_one_sentence(released_folder, inputs, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: False)
    assert paint_files(released_folder, inputs, tmp_path / "out", "--precision", "int8") == 1
    assert capsys.readouterr().err.startswith("int8 is for CPUs") and not (tmp_path / "out").exists()


def test_two_images_of_one_name_and_a_wrong_seed_are_refused_before_anything_is_painted(
    released_folder, inputs, tmp_path, capsys
):
    draw_pair(2).save(inputs / "pair.png")
    assert paint_files(released_folder, inputs, tmp_path / "out") == 1
    assert "holds both pair.jpg and pair.png" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        paint_files(released_folder, inputs, tmp_path / "out", "--seed", "-1")
    assert "--seed must be from 0 to 4294967295, not -1" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_damaged_files_are_named_and_the_others_painted(released_folder, inputs, tmp_path, capsys):
    whole = (inputs / "label.PNG").read_bytes()
    (inputs / "cut.png").write_bytes(whole[: len(whole) // 2])
    (inputs / "empty.jpg").touch()
    Image.new("RGB", (100, 256), "#0000de").save(inputs / "narrow.jpeg")
    assert paint_files(released_folder, inputs, tmp_path / "out") == 1
    printed = capsys.readouterr()
    cut, empty, narrow = printed.err.splitlines()
    assert cut.startswith(f"{inputs / 'cut.png'} is damaged or incomplete (")
    assert empty.startswith(f"{inputs / 'empty.jpg'} is empty")
    assert narrow == f"{inputs / 'narrow.jpeg'}: a label image must have sides that are multiples of 256, not 100x256"
    assert "painted 2 of 5 images" in printed.out
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"pair.png", "label.png"}


def test_a_missing_input_an_empty_folder_and_a_folder_without_weights_are_one_sentence_each(
    released_folder, inputs, tmp_path, capsys
):
    assert paint_files(released_folder, tmp_path / "missing.png", tmp_path / "out") == 1
    assert "missing.png" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert paint_files(released_folder, tmp_path / "empty", tmp_path / "out") == 1
    assert "holds no PNG, JPEG or WebP" in capsys.readouterr().err
    assert paint_files(tmp_path / "empty", inputs, tmp_path / "out") == 1
    assert capsys.readouterr().err == f"{tmp_path / 'empty'} is not a released folder: it has no config.json\n"


def test_label_images_of_any_mode_are_read_as_rgb(tmp_path):
    Image.fromarray(FACADES.to_image(LABEL_MAP)).save(tmp_path / "rgb.png")
    indexed = Image.fromarray(LABEL_MAP, "P")
    indexed.putpalette(FACADES.rgb.tobytes())
    indexed.save(tmp_path / "indexed.png")
    Image.fromarray(FACADES.to_image(LABEL_MAP)).convert("RGBA").save(tmp_path / "rgba.png")
    for name in ("rgb", "indexed", "rgba"):
        np.testing.assert_array_equal(
            read_input(tiny_release_config(), tmp_path / f"{name}.png").pixels, FACADES.to_image(LABEL_MAP)
        )


def test_exchanged_channels_are_one_sentence_and_painted_by_force(released_folder, tmp_path, capsys):
    colors = FACADES.to_image(LABEL_MAP)
    Image.fromarray(colors[..., ::-1].copy()).save(tmp_path / "bgr.png")
    assert paint_files(released_folder, tmp_path / "bgr.png", tmp_path / "out") == 1
    assert "bgr.png has red and blue exchanged (BGR)" in capsys.readouterr().err
    assert paint_files(released_folder, tmp_path / "bgr.png", tmp_path / "out", "--force") == 0
    assert (tmp_path / "out" / "bgr.png").exists()


def test_a_wide_map_is_painted_as_it_is(released_folder, tmp_path):
    Image.fromarray(np.tile(FACADES.to_image(LABEL_MAP), (1, 2, 1))).save(tmp_path / "wide.webp", lossless=True)
    assert paint_files(released_folder, tmp_path, tmp_path / "out") == 0
    assert Image.open(tmp_path / "out" / "wide.png").size == (512, 256)


def test_a_model_of_photos_takes_any_image_and_refuses_label_maps(tmp_path):
    config = tiny_release_config(direction="AtoB", palette_of="output")
    release.save(tmp_path / "released", tiny_generator(), config)
    photo = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    Image.fromarray(photo).save(tmp_path / "photo.png")
    assert paint_files(tmp_path / "released", tmp_path / "photo.png", tmp_path / "out", "--precision", "fp32") == 0
    painter = Painter.load(tmp_path / "released", precision="fp32")
    np.testing.assert_array_equal(Image.open(tmp_path / "out" / "photo.png"), painter.paint_image(photo, 0))
    Image.fromarray(np.concatenate([photo, FACADES.to_image(LABEL_MAP)], 1)).save(tmp_path / "pair.png")
    assert paint_files(tmp_path / "released", tmp_path / "pair.png", tmp_path / "out", "--precision", "fp32") == 0
    assert (tmp_path / "out" / "pair.png").read_bytes() == (tmp_path / "out" / "photo.png").read_bytes()
    with pytest.raises(ValueError, match="takes images without classes, not label maps"):
        painter.paint(LABEL_MAP, 0)


def test_the_label_image_of_a_pair_is_on_the_side_that_the_model_was_trained_on(tmp_path):
    release.save(tmp_path / "released", tiny_generator(), tiny_release_config(direction="AtoB"))
    photo, label_image = np.split(np.asarray(draw_pair(3)), 2, axis=1)
    for name, image in (("pair", np.concatenate([label_image, photo], 1)), ("map", label_image)):
        Image.fromarray(image).save(tmp_path / f"{name}.png")
        assert paint_files(tmp_path / "released", tmp_path / f"{name}.png", tmp_path / "out") == 0
    assert (tmp_path / "out" / "pair.png").read_bytes() == (tmp_path / "out" / "map.png").read_bytes()


def test_a_run_in_progress_can_be_painted_with(released_folder, tmp_path):
    """The folder is read once, so an update while painting does no harm."""
    folder = Path(shutil.copytree(released_folder, tmp_path / "release"))
    painter = Painter.load(folder)
    before = painter.paint(LABEL_MAP, 0)
    shutil.rmtree(folder)
    np.testing.assert_array_equal(painter.paint(LABEL_MAP, 0), before)


def test_a_drawing_is_painted_in_its_own_two_colours_without_noise():
    config = tiny_release_config(palette=None, drawing=("#000000", "#ffffff"))
    painter = Painter(tiny_generator(), config, torch.device("cpu"), precision="fp32")
    drawing = np.eye(256, dtype=np.uint8)
    image = painter.label_image(drawing)
    assert (image == 255 * drawing[..., None]).all()
    assert (painter.paint(drawing, 1) == painter.paint_image(image, 1)).all()
    with pytest.raises(ValueError, match="open an image instead"):
        Painter(tiny_generator(), tiny_release_config(palette=None)).label_image(drawing)


def test_loading_and_painting_import_no_compiler(released_folder):
    """PyTorch's takes as long to import as the rest of PyTorch; random weights on the device "meta" would need it."""
    script = (
        "import sys, numpy; from pix2pix.painter import Painter; "
        f"Painter.load({str(released_folder)!r}).paint(numpy.zeros((256, 256), int), 0); "
        "print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout == "False\n", done.stderr


@pytest.mark.parametrize("kind", [np.int32, np.int64, np.uint32, np.uint64, np.uint8])
def test_integers_of_numpy_are_seeds(painter, kind):
    np.testing.assert_array_equal(painter.paint(LABEL_MAP, kind(200)), painter.paint(LABEL_MAP, 200))
    for ours, expected in zip(noise.masks(kind(200), 16, 256, 256), noise.masks(200, 16, 256, 256), strict=True):
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("seed", [1.5, np.float64(1), "1", None, np.int64(-1), np.uint64(2**32)])
def test_what_is_no_seed_is_refused_with_a_sentence(painter, seed):
    with pytest.raises(ValueError, match="^a seed must be a whole number from 0 to 4294967295, not"):
        painter.paint(LABEL_MAP, seed)
