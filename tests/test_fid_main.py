"""`python -m pix2pix.fid` for runs and for two folders of images.

Most tests use random weights in pytorch-fid's Inception. One uses those in $TORCH_HOME/hub/checkpoints, where
pytorch-fid keeps its own, and skips where there are none.
"""

from pathlib import Path

import pytest
import torch
from PIL import Image
from pytorch_fid import fid_score
from pytorch_fid import inception as pytorch_fid_inception

from pix2pix import run_config
from pix2pix.fid import __main__ as fid
from pix2pix.fid import inception
from pix2pix.fid.distances import FidError, frechet_distance, kernel_distance
from pix2pix.files import read_records
from pix2pix.run_folder import RunFolder
from tests.helpers.tiny import draw_pair

pytestmark = [
    pytest.mark.usefixtures("feature_cache"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pytorch_fid.*"),  # about scipy's sqrtm
]


TRAINED_WEIGHTS = Path(torch.hub.get_dir()) / "checkpoints" / inception.WEIGHTS_FILE


def frechet_distance_of_pytorch_fid(image_folders: tuple[Path, Path]) -> float:
    """What `python -m pytorch_fid DIR DIR --dims 64 --device cpu` prints."""
    return fid_score.calculate_fid_given_paths(
        [str(folder) for folder in image_folders], 50, torch.device("cpu"), 64, num_workers=0
    )


def printed_distance(capsys: pytest.CaptureFixture[str]) -> float:
    return float(capsys.readouterr().out.splitlines()[0].rpartition(": ")[2].partition(" ")[0])


def test_two_folders_score_as_with_pytorch_fid(inception_weights, image_folders, monkeypatch, capsys):
    monkeypatch.setenv("TORCH_HOME", str(inception_weights.parents[2]))
    expected = frechet_distance_of_pytorch_fid(image_folders)
    capsys.readouterr()
    assert expected > 0.01
    assert fid.main([*map(str, image_folders), "--dims", "64"]) == 0
    assert printed_distance(capsys) == pytest.approx(expected, rel=1e-3, abs=1e-4)


@pytest.mark.skipif(
    not TRAINED_WEIGHTS.is_file(), reason=f"no Inception weights at {TRAINED_WEIGHTS}; TORCH_HOME names another folder"
)
def test_two_folders_score_as_with_pytorch_fid_with_trained_weights(image_folders, monkeypatch, capsys):
    monkeypatch.setenv("TORCH_HOME", str(TRAINED_WEIGHTS.parents[2]))
    expected = frechet_distance_of_pytorch_fid(image_folders)
    capsys.readouterr()
    assert fid.main([*map(str, image_folders), "--dims", "64"]) == 0
    assert printed_distance(capsys) == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_without_weights_and_network_one_sentence_says_what_to_do(tmp_path, monkeypatch, image_folders, capsys):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(pytorch_fid_inception, "FID_WEIGHTS_URL", "http://127.0.0.1:9/weights.pth")
    assert fid.main([*map(str, image_folders)]) == 1
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.count("\n") == 1
    for part in (
        "http://127.0.0.1:9/weights.pth",
        str(tmp_path / "home" / "hub" / "checkpoints" / inception.WEIGHTS_FILE),
        "--fid-weights",
    ):
        assert part in printed.err


def test_the_program_says_how_many_images_and_which_weights(small_inception, inception_weights, image_folders, capsys):
    assert (
        fid.main([*map(str, image_folders), "--dims", "64", "--fid-weights", str(inception_weights), "--samples", "5"])
        == 0
    )
    frechet, kernel = capsys.readouterr().out.splitlines()
    assert frechet.startswith(
        f"Fréchet distance, substitute Inception {small_inception.measure.weights}, 64 features: "
    )
    assert frechet.endswith("(n = 5 and 5)") and kernel.endswith("(100 subsets of 2)")
    a, b = (small_inception.features(fid.read_folder(folder, 5)) for folder in image_folders)
    assert f": {frechet_distance(a, b):.4f} (" in frechet and f"{kernel_distance(a, b)[0]:.6f} ± " in kernel


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda folder: (folder / "2.png").write_bytes(b"nothing"), "2.png is not an image of a known format"),
        (
            lambda folder: Image.new("RGB", (64, 32)).save(folder / "2.png"),
            "2.png is 64x32, unlike the images before it",
        ),
        (lambda folder: [path.unlink() for path in folder.iterdir()], "is not a folder with images"),
        (lambda folder: (folder / "1.png").unlink(), "at least 2 images of each kind"),
    ],
)
def test_images_that_cannot_be_scored_are_named(tmp_path, inception_weights, change, message, capsys):
    for number in (1, 2):
        Image.new("RGB", (64, 64)).save(tmp_path / f"{number}.png")
    change(tmp_path)
    assert fid.main([str(tmp_path), str(tmp_path), "--dims", "64", "--fid-weights", str(inception_weights)]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("number", [15, 16])
def test_an_image_of_another_size_is_found_in_whichever_batch_it_is(tmp_path, number):
    for index in range(20):
        Image.new("RGB", (16, 16 + (index == number))).save(tmp_path / f"{index:02d}.png")
    with pytest.raises(FidError, match=f"{number}.png is 16x17"):
        list(fid.read_folder(tmp_path))


def test_the_program_scores_a_run_folder(kept_run, inception_weights, small_inception, data_dir, capsys):
    (kept_run / "weights" / "epoch-010.safetensors").unlink()
    command = [str(kept_run), "--fid-weights", str(inception_weights), "--splits", "train", "--samples", "2"]
    assert fid.main(command) == 0
    printed = capsys.readouterr().out
    (record,) = read_records(kept_run / "evaluation.jsonl")
    assert record["dims"] == 2048 and record["n"] == 2
    assert (
        f"Fréchet distance, substitute Inception {small_inception.measure.weights};" in printed
        and f"fid {record['fid']:.3f}" in printed
    )
    assert fid.main([*command, "--data-dir", str(data_dir)]) == 0
    assert capsys.readouterr().out == printed and len(read_records(kept_run / "evaluation.jsonl")) == 1


def test_at_most_so_many_images_of_a_split_are_scored(kept_run, small_inception, inception_weights):
    command = [str(kept_run), "--fid-weights", str(inception_weights), "--dims", "64", "--splits", "train", "--samples"]
    for samples in ("3", "300", "0"):
        assert fid.main([*command, samples]) == 0
    records = read_records(kept_run / "evaluation.jsonl")
    assert [(record["epoch"], record["n"]) for record in records] == [
        (1, 3),
        (10, 3),
        (1, 4),
        (10, 4),
    ]  # 300 and all are the same


def test_a_run_that_trained_without_scores_is_scored_as_its_flags_say(kept_run, tiny_config, inception_weights):
    config = tiny_config(fid_every=0, fid_samples=3, fid_weights=inception_weights)
    run_config.record(RunFolder(kept_run), config, {})
    assert fid.main([str(kept_run), "--dims", "64", "--splits", "train"]) == 0
    assert {record["n"] for record in read_records(kept_run / "evaluation.jsonl")} == {3}


def test_what_cannot_be_scored_is_one_sentence(
    kept_run, inception_weights, data_dir, tmp_path, released_folder, capsys
):
    def error(*arguments: object) -> str:
        assert fid.main([str(argument) for argument in (*arguments, "--fid-weights", inception_weights)]) == 1
        printed = capsys.readouterr()
        assert printed.err.count("\n") == 1
        return printed.err

    assert (
        "is not a run folder: it has no config.json" in error(tmp_path / "nowhere")
        and not (tmp_path / "nowhere").exists()
    )
    (tmp_path / "weights").mkdir()
    (tmp_path / "config.json").write_text((released_folder / "config.json").read_text())
    assert "config.json does not describe a training run" in error(tmp_path)
    assert "does not exist. --data-dir must be" in error(kept_run, "--data-dir", tmp_path / "nowhere")
    assert "contains no pairs of test. --data-dir must be" in error(kept_run, "--splits", "test")
    other = tmp_path / "other" / "facades" / "train"
    other.mkdir(parents=True)
    draw_pair(9).save(other / "1.jpg")
    assert "are not those that the run recorded" in error(kept_run, "--data-dir", tmp_path / "other")
    for path in (kept_run / "weights").iterdir():
        path.unlink()
    assert "contains no epoch-NNN.safetensors" in error(kept_run)


def test_only_one_run_or_two_folders_are_taken(capsys):
    for arguments, words in (
        ("a b c", "not 3"),
        ("a b --splits val", "are only for a run folder"),
        ("a b --data-dir d", "are only for a run folder"),
        ("a b --segmenter r", "are only for a run folder"),
    ):
        with pytest.raises(SystemExit):
            fid.main(arguments.split())
        assert words in capsys.readouterr().err


@pytest.mark.parametrize("value", ["1", "-3", "2.5", "many"])
def test_a_wrong_number_of_samples_is_refused(value, capsys):
    with pytest.raises(SystemExit):
        fid.main(["run", f"--samples={value}"])
    assert "--samples: must be 0 for all, or a whole number of at least 2" in capsys.readouterr().err
