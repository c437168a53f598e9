"""People's own pairs from files to a released folder: every layout, with and without a palette, other sizes, grey."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import train
from pix2pix.config import parse_flags
from pix2pix.cuda_graph import GraphedSteps
from pix2pix.data import __main__ as data
from pix2pix.data.dataset import training_batches
from pix2pix.data.palette import read_palette
from pix2pix.fid import evaluator
from pix2pix.labels import FACADES, Palette
from pix2pix.painter import Painter
from pix2pix.publish.pack import pack
from pix2pix.release import load_config
from pix2pix.report.__main__ import main as report_main
from pix2pix.trainer import Trainer
from pix2pix.training_data import open_splits, read_splits, source_of
from tests.helpers.own_images import (
    INNER,
    OUTER,
    SIDE_BY_SIDE,
    edges,
    fill,
    house,
    house_image,
    on_white,
    photo,
    save,
)
from tests.helpers.tiny import tiny_generator

OWN = Palette(("nothing", "wall", "hole"), ("#000000", "#c83232", "#32c8c8"))
TINY = ["--base-channels", "2", "--epochs", "1", "--precision", "fp32", "--fid-every", "0", "--objective", "l1"]


def own_map(number: int) -> np.ndarray:
    """A label image in colours of its own, another one for every number."""
    return OWN.rgb[np.roll(house() % 3, number, axis=1)]


def write_palette(folder: Path, palette: Palette = OWN) -> Path:
    classes = [{"name": name, "color": color} for name, color in zip(palette.names, palette.colors, strict=True)]
    folder.mkdir(exist_ok=True)
    (folder / "palette.json").write_text(json.dumps({"classes": classes}))
    return folder / "palette.json"


def run(folder: Path, *flags: str) -> int:
    """Train on a folder; the run is beside it."""
    return train.main([*TINY, "--data", str(folder), "--run-dir", str(folder.parent / "run"), *flags])


def test_edges_become_photos_without_a_palette(tmp_path, capsys):
    folder = tmp_path / "My shoes (2026)"
    fill(folder, SIDE_BY_SIDE, range(1, 11), left=edges, right=photo)
    assert run(folder, "--direction", "AtoB", "--objective", "gan") == 0
    assert f"--weights my-shoes-2026-gan={tmp_path / 'run' / 'release'} --data '{folder}'" in capsys.readouterr().out
    config = load_config(tmp_path / "run" / "release")
    assert (config.dataset, config.direction, config.palette) == ("my-shoes-2026", "AtoB", None)
    assert (config.pairs, config.size, len(config.data_hash)) == (9, (256, 256), 64), "one of ten is for validation"
    assert config.drawing in (("#000000", "#ffffff"), ("#ffffff", "#000000"))
    drawing = edges(20)
    assert Painter.load(tmp_path / "run", precision="fp32").paint_image(drawing, 0).shape == drawing.shape
    assert {path.name for path in (tmp_path / "run" / "samples").iterdir()} == {"train", "val"}


@pytest.mark.parametrize("layout", [SIDE_BY_SIDE, OUTER, INNER])
def test_own_label_maps_are_trained_in_every_layout(tmp_path, layout):
    fill(tmp_path / "data", layout, range(1, 4), right=own_map)
    write_palette(tmp_path / "data")
    assert run(tmp_path / "data", "--name", "houses", "--val-share", "0") == 0
    config = load_config(tmp_path / "run" / "release")
    assert (config.dataset, config.input_palette, config.pairs, config.direction) == ("houses", OWN, 3, "BtoA")
    image = Painter.load(tmp_path / "run", precision="fp32").paint(house() % 3, 0)
    assert image.shape == (256, 256, 3) and image.std() > 0


@pytest.mark.parametrize("layout", [OUTER, INNER])
def test_label_maps_that_are_a_become_photos_too(tmp_path, layout):
    fill(tmp_path / "data", layout, range(1, 4), left=own_map, right=photo)
    palette = write_palette(tmp_path / "elsewhere")
    assert run(tmp_path / "data", "--direction", "AtoB", "--palette", str(palette)) == 0
    config = load_config(tmp_path / "run" / "release")
    assert (config.direction, config.palette_of, config.palette) == ("AtoB", "input", OWN)


def test_grey_images_on_both_sides_are_trained(tmp_path):
    grey = {side: lambda number, shift=shift: photo(number + shift)[..., 0] for side, shift in (("A", 0), ("B", 50))}
    for number in range(1, 4):
        for side, image in grey.items():
            save(image(number), tmp_path / "data" / side / "train" / f"{number}.png")
    assert run(tmp_path / "data") == 0
    samples = tmp_path / "run" / "samples" / "train"
    for kind, side in (("input", "B"), ("target", "A")):
        path = next(samples.glob(f"*/{kind}.png"))
        number = int(path.parent.name)
        np.testing.assert_array_equal(np.asarray(Image.open(path))[..., 0], grey[side](number))


@pytest.fixture
def wide(tmp_path) -> Path:
    """Five pairs of 512x256 images in two folders, the first of another size."""
    for number in range(1, 6):
        for side, image in (("A", photo(number)), ("B", own_map(number))):
            image = np.concatenate([image, image[:, ::-1]], 1)
            image = image if number > 1 else image.repeat(2, 0).repeat(2, 1)
            save(image, tmp_path / "data" / side / "train" / f"{number}.png")
    write_palette(tmp_path / "data")
    return tmp_path / "data"


def test_images_of_512x256_are_trained_sampled_reported_and_published(wide, tmp_path, capsys):
    assert run(wide, "--size", "512x256", "--objective", "gan", "--name", "wide") == 0
    said = capsys.readouterr().out
    assert said.count("Resized to 512x256 per image") == 1 and "from 1024x512" in said
    released = tmp_path / "run" / "release"
    assert load_config(released).size == (512, 256)
    assert Painter.load(released, precision="fp32").paint(np.zeros((256, 512), np.uint8), 0).shape == (256, 512, 3)
    for kind in ("input", "target", "epoch-001"):
        assert Image.open(next((tmp_path / "run" / "samples" / "train").glob(f"*/{kind}.png"))).size == (512, 256)
    assert report_main([str(tmp_path / "run"), "--output", str(tmp_path / "report")]) == 0
    page = (tmp_path / "report" / "index.html").read_text()
    assert "3 classes, of the input" in page and "wide" in page
    assert "Published FID" not in page and "Not scored yet" in page
    pack(released, tmp_path / "packed", "someone/wide")
    card = (tmp_path / "packed" / "README.md").read_text()
    assert "np.full((256, 512)" in card and "CMP" not in card and "label images of 3 classes to photos" in card


@pytest.mark.parametrize("size", ["512x512", "512x256"])
def test_steps_in_a_graph_and_scores_take_other_sizes(wide, tmp_path, size):
    config, _ = parse_flags([*TINY, "--data", str(wide), "--size", size, "--force", "--run-dir", str(tmp_path / "run")])
    splits = open_splits(config)
    read_splits(config, splits)
    expected, found = (Trainer(config, torch.device("cpu")) for _ in range(2))
    for batch in training_batches(splits["train"], 0, 0, 1, 0):
        expected.step(*batch)
    assert list(GraphedSteps(found, splits["train"], lambda trainer, step: step).run_epoch())
    for a, b in zip(found.G.parameters(), expected.G.parameters(), strict=True):
        assert torch.equal(a, b)
    width, height = config.image_size
    (images,) = evaluator.generate(tiny_generator(), splits["val"], range(1), torch.device("cpu"))
    assert images.shape == (1, 3, height, width)


def test_wrong_pairs_are_refused_before_the_first_step_and_trained_by_force(tmp_path, capsys):
    fill(tmp_path / "data", SIDE_BY_SIDE, range(1, 4), left=own_map, right=photo)
    write_palette(tmp_path / "data")
    assert run(tmp_path / "data") == 1
    refused = capsys.readouterr().err
    assert "the images A (left) look like label maps; give --direction AtoB." in refused and "--force" in refused
    assert not (tmp_path / "run" / "config.json").exists()
    assert data.main(["check", str(tmp_path / "data")]) == 1
    assert "the images A (left) look like label maps; give --direction AtoB." in capsys.readouterr().err
    assert run(tmp_path / "data", "--force") == 0
    assert "Training anyway: " in capsys.readouterr().err
    assert load_config(tmp_path / "run" / "release").palette_of == "output", "that is what was trained"


def test_check_says_for_every_file_what_is_wrong_and_what_would_be_trained(tmp_path, capsys):
    fill(tmp_path, SIDE_BY_SIDE, range(1, 6))
    write_palette(tmp_path, FACADES)
    for number in (3, 4):
        save(np.concatenate([photo(number), house_image()[..., ::-1]], 1), tmp_path / "train" / f"{number}.png")
    (tmp_path / "train" / "5.png").write_bytes(b"")
    assert data.main(["check", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert [line.split("train/")[1].split(".png")[0] for line in printed.err.splitlines()] == ["5", "3", "4"]
    assert printed.err.count("has red and blue exchanged (BGR)") == 2
    assert "train: 5 pairs." in printed.out
    assert "translates B to A at 256x256; palette: 12 classes. The model will make photos from" in printed.out
    (tmp_path / "train" / "1.png").write_bytes(b"")
    assert data.main(["check", str(tmp_path), "--direction", "AtoB"]) == 1
    printed = capsys.readouterr()
    assert len(printed.err.splitlines()) == 4, "an unreadable first file does not hide the others"
    assert "12 classes. The model will make label maps from photos." in printed.out


def test_the_palette_of_what_may_be_no_label_maps_is_questioned(tmp_path, capsys):
    fill(tmp_path / "edges", SIDE_BY_SIDE, range(1, 6), left=edges, right=on_white)
    assert data.main(["palette", str(tmp_path / "edges")]) == 1
    assert "only one flat colour, #ffffff; train without a palette" in capsys.readouterr().err
    for folder, flags, is_questioned in (
        ("edges", ["--direction", "AtoB"], True),
        ("maps", [], False),
    ):
        fill(tmp_path / "maps", SIDE_BY_SIDE, range(1, 6), right=own_map)
        (tmp_path / folder / "palette.json").unlink(missing_ok=True)
        assert data.main(["palette", str(tmp_path / folder), *flags]) == 0
        assert ("remove that file and train without a palette" in capsys.readouterr().out) == is_questioned


def test_photos_among_the_label_maps_have_no_part_in_the_palette_and_are_counted(tmp_path, capsys):
    fill(tmp_path, SIDE_BY_SIDE, range(1, 9), left=photo, right=own_map)
    fill(tmp_path, SIDE_BY_SIDE, range(9, 11), left=own_map, right=photo)
    assert data.main(["palette", str(tmp_path)]) == 0
    assert "2 images do not look like a label map" in capsys.readouterr().out
    assert len(read_palette(tmp_path / "palette.json")) == len(OWN)
    assert data.main(["check", str(tmp_path)]) == 1


def test_one_pair_is_too_few_for_check_and_training_alike(tmp_path, capsys):
    fill(tmp_path / "data", SIDE_BY_SIDE, range(1, 2), right=own_map)
    write_palette(tmp_path / "data")
    sentence = "--val-share 0.1 leaves none of 1 pairs to train on; add pairs, or give --val-share 0."
    assert data.main(["check", str(tmp_path / "data")]) == run(tmp_path / "data") == 1
    assert capsys.readouterr().err.splitlines() == [sentence, sentence]
    assert run(tmp_path / "data", "--val-share", "0", "--name", "facades") == 0
    assert "--weights my-facades-l1=" in capsys.readouterr().out, "the tab of facades takes its own palette only"


def test_check_says_how_many_pairs_are_set_aside(tmp_path, capsys):
    fill(tmp_path, SIDE_BY_SIDE, range(1, 21), right=own_map)
    write_palette(tmp_path)
    assert data.main(["check", str(tmp_path)]) == 0
    assert "training sets aside 2 of these pairs for validation (--val-share)." in capsys.readouterr().out


def test_an_image_without_its_partner_and_a_broken_palette_are_named(tmp_path, capsys):
    fill(tmp_path / "data", OUTER, range(1, 4), right=own_map)
    (tmp_path / "data" / "A" / "train" / "2.png").unlink()
    assert run(tmp_path / "data") == 1
    assert "B/train/2.webp has no image of the same name in" in capsys.readouterr().err
    (tmp_path / "data" / "B" / "train" / "2.webp").unlink()
    (tmp_path / "data" / "palette.json").write_text("{")
    assert run(tmp_path / "data") == 1
    assert "palette.json is not valid JSON" in capsys.readouterr().err


def test_a_run_resumes_with_new_names_of_classes_but_not_with_other_colours(tmp_path, capsys):
    fill(tmp_path / "data", SIDE_BY_SIDE, range(1, 4), right=own_map)
    write_palette(tmp_path / "data")
    assert run(tmp_path / "data") == 0
    renamed = Palette(("sky", "stone", "window"), OWN.colors)
    write_palette(tmp_path / "data", renamed)
    assert run(tmp_path / "data", "--epochs", "2") == 0
    config = load_config(tmp_path / "run" / "release")
    assert (config.epochs, config.palette) == (2, renamed)
    write_palette(tmp_path / "data", Palette(renamed.names, ("#000000", "#c83232", "#32c8c9")))
    assert run(tmp_path / "data", "--epochs", "3") == 1
    assert "the colours of the palette have changed" in capsys.readouterr().err


def test_the_same_validation_pairs_are_drawn_again_and_kept_from_training(tmp_path):
    fill(tmp_path / "data", SIDE_BY_SIDE, range(1, 21), right=own_map)
    config, _ = parse_flags([*TINY, "--data", str(tmp_path / "data"), "--val-share", "0.2"])
    splits, again = open_splits(config), open_splits(config)
    assert {split: len(pairs) for split, pairs in splits.items()} == {"train": 16, "val": 4}
    assert not set(splits["train"].files) & set(splits["val"].files)
    assert all(splits[split].files == again[split].files for split in splits)
    assert source_of(config).open(["val"])["val"].files == splits["val"].files
    shutil.move(tmp_path / "data" / "train" / "1.png", tmp_path / "1.png")
    (tmp_path / "data" / "val").mkdir()
    shutil.move(tmp_path / "1.png", tmp_path / "data" / "val" / "1.png")
    assert {split: len(pairs) for split, pairs in open_splits(config).items()} == {"train": 19, "val": 1}
