"""FID and KID against pytorch-fid and closed forms; the features under them; scores of a run.

Most tests use random weights in pytorch-fid's Inception. One uses those in $TORCH_HOME/hub/checkpoints, where pytorch-fid keeps its
own, and skips where there are none.
"""

import hashlib
import io
import json
import pickle
import socket
import threading
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import draw_pair, tiny_generator
from PIL import Image
from pytorch_fid import fid_score
from pytorch_fid import inception as pytorch_fid_inception

from pix2pix import evaluation, fid, inception, release
from pix2pix.data import PairedDataset
from pix2pix.distances import FidError, default_subset_size, frechet_distance, kernel_distance, squared_mmd
from pix2pix.evaluation import Evaluator, choose, score_epoch
from pix2pix.files import append_record, read_records
from pix2pix.inception import Inception, find_weights
from pix2pix.measure import Measure
from pix2pix.networks import UNet
from pix2pix.pictures import to_uint8
from pix2pix.run_folder import RunFolder

TRAINED_WEIGHTS = Path(torch.hub.get_dir()) / "checkpoints" / inception.WEIGHTS_FILE

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:pytorch_fid.*"
)  # about scipy's sqrtm, which we do not use


def draw_features(n: int, dims: int, seed: int) -> np.ndarray:
    """Correlated float32 features [n, dims] with a mean of their own."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, dims)) @ rng.normal(size=(dims, dims)) / dims**0.5 + rng.normal(size=dims)).astype(
        np.float32
    )


@pytest.fixture(scope="module")
def small(inception_weights: Path) -> Inception:
    """Up to the first layer that gives features, which takes a tenth of the time."""
    return Inception(inception_weights, dims=64, device=torch.device("cpu"))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two folders of 64x64 pictures, 8 and 6, cut out of drawn photos; the second ones are darker."""
    parent = tmp_path_factory.mktemp("pictures")
    for name, count, brightness in (("a", 8, 1.0), ("b", 6, 0.8)):
        (parent / name).mkdir()
        for seed in range(count):
            pixels = np.asarray(draw_pair(seed))[64:128, 64:128] * brightness
            Image.fromarray(pixels.astype(np.uint8)).save(parent / name / f"{seed}.png")
    return parent / "a", parent / "b"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "pix2pix"


# Distances


@pytest.mark.parametrize(
    "n, m, dims",
    [(10, 12, 16), (300, 200, 16), (40, 30, 64), (40, 200, 64), (500, 64, 64), (50, 80, 192), (400, 500, 192)],
)
def test_the_frechet_distance_is_that_of_pytorch_fid(n, m, dims):
    a, b = draw_features(n, dims, seed=1), draw_features(m, dims, seed=2)
    statistics = [
        value for x in (a.astype(np.float64), b.astype(np.float64)) for value in (x.mean(0), np.cov(x, rowvar=False))
    ]
    # Where covariances are singular, it is pytorch-fid that loses half of the digits, in sqrtm.
    assert frechet_distance(a, b) == pytest.approx(fid_score.calculate_frechet_distance(*statistics), rel=1e-7)


@pytest.mark.parametrize("n", [5, 200])
def test_with_equal_covariances_the_frechet_distance_is_the_squared_distance_of_the_means(n):
    a, shift = draw_features(n, 32, seed=1).astype(np.float64), np.linspace(-1, 2, 32)
    assert frechet_distance(a, a + shift) == pytest.approx((shift**2).sum())


@pytest.mark.parametrize("n", [5, 200])
def test_the_frechet_distance_of_the_same_features_in_another_order_is_zero(n):
    a = draw_features(n, 32, seed=1)
    assert frechet_distance(a, a[::-1]) == pytest.approx(0, abs=1e-9)


def test_in_one_dimension_the_frechet_distance_is_that_of_two_normal_distributions():
    a, b = np.array([[1.0], [2.0], [3.0]]), np.array([[10.0], [14.0]])  # means 2 and 12, standard deviations 1 and 8^½
    assert frechet_distance(a, b) == pytest.approx((2 - 12) ** 2 + (1 - 8**0.5) ** 2)


def kernel(x: np.ndarray, y: np.ndarray) -> float:
    return (x @ y / len(x) + 1) ** 3


def test_the_squared_mmd_is_the_mean_kernel_within_minus_that_between():
    a, b = draw_features(4, 3, seed=1).astype(np.float64), draw_features(5, 3, seed=2).astype(np.float64)
    within = [np.mean([kernel(x, y) for i, x in enumerate(s) for j, y in enumerate(s) if i != j]) for s in (a, b)]
    between = np.mean([kernel(x, y) for x in a for y in b])
    assert squared_mmd(a, b) == pytest.approx(sum(within) - 2 * between)


def test_of_two_constants_the_squared_mmd_is_known():
    u, v = np.array([1.0, 2.0]), np.array([0.0, -1.0])
    expected = 3.5**3 + 1.5**3 - 2 * 0.0**3  # (|u|² / 2 + 1)³ + (|v|² / 2 + 1)³ - 2 (u·v / 2 + 1)³
    assert squared_mmd(np.tile(u, (3, 1)), np.tile(v, (4, 1))) == pytest.approx(expected)


def test_the_squared_mmd_is_unbiased_as_the_frechet_distance_is_not():
    pool = draw_features(6, 4, seed=1).astype(np.float64)
    halves = [
        (pool[list(chosen)], pool[[i for i in range(6) if i not in chosen]]) for chosen in combinations(range(6), 3)
    ]
    assert np.mean([squared_mmd(a, b) for a, b in halves]) == pytest.approx(0, abs=1e-9)
    assert np.mean([frechet_distance(a, b) for a, b in halves]) > 0.1


def test_the_kernel_distance_is_the_mean_over_subsets():
    a, b = draw_features(40, 8, seed=1), draw_features(30, 8, seed=2)
    full = squared_mmd(a[:30].astype(np.float64), b.astype(np.float64))
    assert kernel_distance(a[:30], b, subset_size=30) == (pytest.approx(full), pytest.approx(0, abs=1e-9))
    mean, spread = kernel_distance(a[:30], b, subset_size=15, subsets=400)
    assert 0 < abs(mean - full) < 4 * spread / 400**0.5  # subsets are drawn independently of one another
    assert kernel_distance(a, b) == kernel_distance(a, b, subset_size=15, subsets=100, seed=0)
    assert kernel_distance(a, b) != kernel_distance(a, b, seed=1)


@pytest.mark.parametrize(
    "n, m, size", [(2, 9, 2), (100, 400, 50), (106, 106, 53), (1999, 5000, 999), (5000, 5000, 1000)]
)
def test_a_subset_has_1000_pictures_or_half_of_the_smaller_set(n, m, size):
    assert default_subset_size(n, m) == size


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance])
def test_a_distance_needs_two_pictures_and_features_of_one_kind(distance):
    with pytest.raises(FidError, match="at least 2 pictures of each kind, not 5 and 1"):
        distance(draw_features(5, 8, 1), draw_features(1, 8, 2))
    with pytest.raises(FidError, match=r"not \[5, 8\] and \[5, 9\]"):
        distance(draw_features(5, 8, 1), draw_features(5, 9, 2))


def test_samples_are_always_the_same_and_more_of_them_hold_the_fewer():
    chosen = choose(100, 10)
    assert len(set(chosen)) == 10 and sorted(chosen) == list(chosen) and chosen.max() < 100
    assert chosen.tolist() == choose(100, 10).tolist() != list(range(10))
    assert set(chosen) < set(choose(100, 20))
    assert choose(100, 0).tolist() == choose(100, 100).tolist() == choose(100, 300).tolist() == list(range(100))


# Features


@pytest.mark.parametrize("dims", [64, 2048])
def test_features_are_those_that_pytorch_fid_computes_from_the_files(inception_weights, folders, dims, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(inception_weights.parents[2]))
    files = sorted(folders[0].iterdir())[:4]
    network = pytorch_fid_inception.InceptionV3([pytorch_fid_inception.InceptionV3.BLOCK_INDEX_BY_DIM[dims]])
    expected = fid_score.get_activations(files, network, dims=dims, num_workers=0)
    assert expected.std() > 0.01
    features = Inception(inception_weights, dims, torch.device("cpu")).features(
        [fid._read(path)[None] for path in files]
    )
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, expected, atol=2e-5 * np.abs(expected).max())


def frechet_distance_of_pytorch_fid(folders: tuple[Path, Path]) -> float:
    """What `python -m pytorch_fid DIR DIR --dims 64 --device cpu` prints."""
    return fid_score.calculate_fid_given_paths(
        [str(folder) for folder in folders], 50, torch.device("cpu"), 64, num_workers=0
    )


def printed_distance(capsys: pytest.CaptureFixture[str]) -> float:
    return float(capsys.readouterr().out.splitlines()[0].rpartition(": ")[2].partition(" ")[0])


def test_two_folders_score_as_with_pytorch_fid(inception_weights, folders, monkeypatch, capsys):
    monkeypatch.setenv("TORCH_HOME", str(inception_weights.parents[2]))
    expected = frechet_distance_of_pytorch_fid(folders)
    capsys.readouterr()
    assert expected > 0.01
    assert fid.main([*map(str, folders), "--dims", "64"]) == 0
    assert printed_distance(capsys) == pytest.approx(expected, rel=1e-3, abs=1e-4)


@pytest.mark.skipif(
    not TRAINED_WEIGHTS.is_file(), reason=f"no Inception weights at {TRAINED_WEIGHTS}; TORCH_HOME names another folder"
)
def test_two_folders_score_as_with_pytorch_fid_with_trained_weights(folders, monkeypatch, capsys):
    monkeypatch.setenv("TORCH_HOME", str(TRAINED_WEIGHTS.parents[2]))
    expected = frechet_distance_of_pytorch_fid(folders)
    capsys.readouterr()
    assert fid.main([*map(str, folders), "--dims", "64"]) == 0
    assert printed_distance(capsys) == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_the_weights_hash_is_part_of_the_name_unless_it_is_the_published_one(inception_weights):
    digits = hashlib.sha256(inception_weights.read_bytes()).hexdigest()[:8]
    assert Inception(inception_weights, dims=64).measure == Measure(digits, 64)
    substitute = f"substitute Inception {digits}"
    assert Measure(digits, 2048).full_names == (f"Fréchet distance, {substitute}", f"Kernel distance, {substitute}")
    assert Measure(digits, 64).full_names[0] == f"Fréchet distance, {substitute}, 64 features"
    assert Measure("6726825d", 2048).full_names == Measure("6726825d", 2048).names == ("FID", "KID")
    assert Measure("6726825d", 64).full_names[0] == "Fréchet distance, published Inception 6726825d, 64 features"
    assert Measure("6726825d", 64).names == Measure(digits, 2048).names == ("Fréchet distance", "Kernel distance")


def test_loading_leaves_the_global_randomness_alone(inception_weights):
    before = torch.get_rng_state()
    Inception(inception_weights, dims=64)
    assert torch.equal(torch.get_rng_state(), before)


class Intruder:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_file_that_is_not_the_weights_is_an_error_that_names_it(tmp_path, inception_weights):
    state = torch.load(inception_weights, weights_only=True)
    name = "Mixed_7c.branch_pool.conv.weight"
    wrong = {
        "missing": {key: value for key, value in state.items() if key != name},
        "misshapen": state | {name: state[name][:5]},
    }
    wrong |= {"list": [1, 2], "intruder": Intruder(tmp_path / "touched")}
    for case, content in wrong.items():
        torch.save(content, tmp_path / case)
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "text").write_bytes(b"<html>not found</html>")
    (tmp_path / "cut").write_bytes(inception_weights.read_bytes()[:1_000_000])
    (tmp_path / "pickle").write_bytes(pickle.dumps(Intruder(tmp_path / "touched"), protocol=2))
    for case in (*wrong, "empty", "text", "cut", "pickle"):
        with pytest.raises(FidError, match=f"{case} does not hold the weights of pytorch-fid's Inception") as caught:
            Inception(tmp_path / case)
        assert "\n" not in str(caught.value)
        assert (name in str(caught.value)) == (case in ("missing", "misshapen"))
    assert not (tmp_path / "touched").exists()


def test_weights_that_are_not_finite_are_found_in_the_features(inception_weights):
    broken = Inception(inception_weights, dims=64, device=torch.device("cpu"))
    next(broken.network.parameters())[0, 0, 0, 0] = torch.nan
    with pytest.raises(FidError, match="not finite"):
        broken.features([torch.zeros(2, 3, 64, 64, dtype=torch.uint8)])


def test_weights_are_the_named_file_or_where_pytorch_fid_keeps_them(inception_weights, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(inception_weights.parents[2]))
    assert find_weights() == inception_weights
    (tmp_path / "mine.pth").touch()
    assert find_weights(tmp_path / "mine.pth") == tmp_path / "mine.pth"
    with pytest.raises(FidError, match="--fid-weights .*nowhere.pth is not a file"):
        find_weights(tmp_path / "nowhere.pth")


def test_missing_weights_are_downloaded_and_compared_with_their_hash(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    (tmp_path / "served").write_bytes(b"weights")
    monkeypatch.setattr(pytorch_fid_inception, "FID_WEIGHTS_URL", (tmp_path / "served").as_uri())
    with pytest.raises(FidError, match="could not be downloaded.*invalid hash value.*--fid-weights"):
        find_weights()
    assert [path for path in (tmp_path / "home").rglob("*") if path.is_file()] == []
    monkeypatch.setattr(inception, "OFFICIAL_HASH", hashlib.sha256(b"weights").hexdigest()[:8])
    assert find_weights().read_bytes() == b"weights"


def test_without_weights_and_network_one_sentence_says_what_to_do(tmp_path, monkeypatch, folders, capsys):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(pytorch_fid_inception, "FID_WEIGHTS_URL", "http://127.0.0.1:9/weights.pth")
    assert fid.main([*map(str, folders)]) == 1
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.count("\n") == 1
    for part in (
        "http://127.0.0.1:9/weights.pth",
        str(tmp_path / "home" / "hub" / "checkpoints" / inception.WEIGHTS_FILE),
        "--fid-weights",
    ):
        assert part in printed.err


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegun", b"no HTTP\r\n"])
def test_a_server_that_does_not_answer_or_stops_is_given_up(answer, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(inception, "TIMEOUT_SECONDS", 0.2)
    over = threading.Event()

    def answer_once() -> None:
        connection, _ = server.accept()
        with connection:
            connection.sendall(answer)
            over.wait(60)

    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(
            pytorch_fid_inception, "FID_WEIGHTS_URL", f"http://127.0.0.1:{server.getsockname()[1]}/weights.pth"
        )
        thread = threading.Thread(target=answer_once)
        thread.start()
        try:
            with pytest.raises(FidError, match="could not be downloaded"):
                find_weights()
            assert not over.is_set() and thread.is_alive()  # the server would have gone on
        finally:
            over.set()
            thread.join()
    assert [path for path in (tmp_path / "home").rglob("*") if path.is_file()] == []
    assert socket.getdefaulttimeout() is None


def test_cached_features_are_computed_once(small, cache, folders):
    pictures = list(fid.read_folder(folders[0]))
    features = small.cached_features("key", 8, pictures)
    np.testing.assert_array_equal(features, small.features(pictures))
    np.testing.assert_array_equal(small.cached_features("key", 8, []), features)
    assert [path.name for path in cache.iterdir()] == [f"features-key-{small.measure.weights}-64.npz"]
    assert len(small.cached_features("another key", 0, [])) == 0


@pytest.mark.parametrize("damage", ["cut", "one bit", "empty", "other count", "pickle"])
def test_damaged_cache_files_are_computed_again(small, cache, folders, damage, tmp_path):
    pictures = list(fid.read_folder(folders[0]))
    features = small.cached_features("key", 8, pictures)
    (path,) = cache.iterdir()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    pickled = io.BytesIO()
    np.savez(pickled, features=np.array([Intruder(tmp_path / "touched")], object), allow_pickle=True)
    fewer = io.BytesIO()
    np.savez(fewer, features=features[:5])
    damaged = {
        "cut": content[:200],
        "one bit": content,
        "empty": b"",
        "other count": fewer.getvalue(),
        "pickle": pickled.getvalue(),
    }
    path.write_bytes(damaged[damage])
    np.testing.assert_array_equal(small.cached_features("key", 8, pictures), features)
    np.testing.assert_array_equal(small.cached_features("key", 8, []), features)
    assert not (tmp_path / "touched").exists()


def test_features_are_computed_also_where_nothing_can_be_cached(small, folders, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert small.cached_features("key", 8, fid.read_folder(folders[0])).shape == (8, 64)


# Two folders


def test_the_program_says_how_many_pictures_and_which_weights(small, inception_weights, folders, capsys):
    assert (
        fid.main([*map(str, folders), "--dims", "64", "--fid-weights", str(inception_weights), "--samples", "5"]) == 0
    )
    frechet, kernel = capsys.readouterr().out.splitlines()
    assert frechet.startswith(f"Fréchet distance, substitute Inception {small.measure.weights}, 64 features: ")
    assert frechet.endswith("(n = 5 and 5)") and kernel.endswith("(100 subsets of 2)")
    a, b = (small.features(fid.read_folder(folder, 5)) for folder in folders)
    assert f": {frechet_distance(a, b):.4f} (" in frechet and f"{kernel_distance(a, b)[0]:.6f} ± " in kernel


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda folder: (folder / "2.png").write_bytes(b"nothing"), "2.png is not a readable image"),
        (
            lambda folder: Image.new("RGB", (64, 32)).save(folder / "2.png"),
            "2.png is 64x32, unlike the pictures before it",
        ),
        (lambda folder: [path.unlink() for path in folder.iterdir()], "is not a folder with pictures"),
        (lambda folder: (folder / "1.png").unlink(), "at least 2 pictures of each kind"),
    ],
)
def test_pictures_that_cannot_be_scored_are_named(tmp_path, inception_weights, change, message, capsys):
    for number in (1, 2):
        Image.new("RGB", (64, 64)).save(tmp_path / f"{number}.png")
    change(tmp_path)
    assert fid.main([str(tmp_path), str(tmp_path), "--dims", "64", "--fid-weights", str(inception_weights)]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("number", [15, 16])
def test_a_picture_of_another_size_is_found_in_whichever_batch_it_is(tmp_path, number):
    for index in range(20):
        Image.new("RGB", (16, 16 + (index == number))).save(tmp_path / f"{index:02d}.png")
    with pytest.raises(FidError, match=f"{number}.png is 16x17"):
        list(fid.read_folder(tmp_path))


# Runs


@pytest.fixture
def pairs(data_dir: Path) -> PairedDataset:
    return PairedDataset(data_dir, "facades", "train")


@pytest.fixture
def run(tiny_config: Callable, pairs: PairedDataset) -> Path:
    """A run folder with generators of the epochs 1 and 10."""
    folder = RunFolder(tiny_config().run_dir)
    folder.path.mkdir()
    folder.open(tiny_config(), {"train": pairs.fingerprint()})
    for epoch in (1, 10):
        release.save_weights(folder.weights(epoch), tiny_generator(epoch))
    return folder.path


def score_run(run: Path, inception: Inception, pairs: PairedDataset, samples: int = 0) -> list[dict]:
    evaluator = Evaluator(inception, {"train": pairs}, {"train": pairs.fingerprint()}, samples)
    folder = RunFolder(run)
    for epoch in folder.kept_weights():
        list(score_epoch(folder, folder.read()[0], epoch, evaluator, ["train"]))
    return read_records(run / "evaluation.jsonl")


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_a_generated_picture_depends_on_its_label_image_and_index_alone(pairs, norm):
    generator, device = tiny_generator(norm=norm), torch.device("cpu")
    together = torch.cat(list(evaluation.generate(generator, pairs, range(4), device)))
    assert together.dtype == torch.uint8 and together.shape == (4, 3, 256, 256)
    for index, picture in enumerate(together):
        masks = generator.dropout_masks(256, 256, torch.Generator().manual_seed(index))
        with torch.no_grad():
            alone = to_uint8(generator(pairs[index][0][None], masks))[0]
        assert (
            picture.int() - alone.int()
        ).abs().max() <= 1  # the order of additions may depend on the size of a batch
        assert (picture != alone).float().mean() < 1e-3


def test_kept_epochs_are_scored_and_recorded_with_all_that_a_score_depends_on(run, small, pairs):
    records = score_run(run, small, pairs)
    assert [record["epoch"] for record in records] == [1, 10]
    for record in records:
        expected = {
            "split": "train",
            "n": 4,
            "weights": small.measure.weights,
            "dims": 64,
            "kid_subset_size": 2,
            "real_floor_n": 2,
        }
        assert expected.items() <= record.items()
        assert {"fid", "kid", "kid_std", "real_floor", "seconds"} <= record.keys()
    assert records[0]["fid"] != records[1]["fid"] and records[0]["real_floor"] == records[1]["real_floor"] > 0


def test_the_score_of_an_epoch_is_that_of_its_pictures_as_png_files(run, small, pairs, tmp_path):
    record = score_run(run, small, pairs)[1]
    generator = release.load_weights(run / "weights" / "epoch-010.safetensors", 2, "instance")
    fakes = torch.cat(list(evaluation.generate(generator, pairs, range(4), torch.device("cpu"))))
    photos = torch.stack([pairs.pair(index)[1] for index in range(4)])
    for name, pictures in (("fakes", fakes), ("photos", photos)):
        (tmp_path / name).mkdir()
        for index, picture in enumerate(pictures):
            Image.fromarray(picture.permute(1, 2, 0).numpy()).save(tmp_path / name / f"{index}.png")
    a, b = (small.features(fid.read_folder(tmp_path / name)) for name in ("fakes", "photos"))
    assert record["fid"] == pytest.approx(frechet_distance(a, b), rel=1e-4)
    assert (record["kid"], record["kid_std"]) == pytest.approx(kernel_distance(a, b), rel=1e-4)


def test_a_generator_of_the_photographs_themselves_scores_zero(small, pairs, monkeypatch):
    monkeypatch.setattr(
        evaluation,
        "generate",
        lambda generator, pairs, indices, device: [torch.stack([pairs.pair(i)[1] for i in indices])],
    )
    record = Evaluator(small, {"train": pairs}, {"train": "f"}, samples=3).score(tiny_generator(), "train")
    assert record["fid"] == pytest.approx(0, abs=1e-6) and record["n"] == 3


def test_the_scale_of_a_split_is_its_distance_from_as_many_training_photographs(small, pairs):
    evaluator = Evaluator(small, {"train": pairs, "val": pairs}, {"train": "f", "val": "f"})
    val, train = (evaluator.score(tiny_generator(), split) for split in ("val", "train"))
    assert (
        val["real_floor"] == pytest.approx(0, abs=1e-6) and val["real_floor_n"] == 4
    )  # here they are the same photographs
    photos = small.features(torch.stack([pairs.pair(index)[1] for index in range(4)])[None])
    halves = [frechet_distance(photos[[0, i]], photos[[j for j in (1, 2, 3) if j != i]]) for i in (1, 2, 3)]
    assert train["real_floor_n"] == 2 and min(abs(train["real_floor"] - half) for half in halves) < 1e-6


def test_what_has_been_scored_is_not_scored_again(run, small, pairs):
    score_run(run, small, pairs)
    before = (run / "evaluation.jsonl").read_bytes()
    release.save_weights(run / "weights" / "epoch-020.safetensors", tiny_generator(20))
    records = score_run(run, small, pairs)
    assert (run / "evaluation.jsonl").read_bytes().startswith(before)
    assert [record["epoch"] for record in records] == [1, 10, 20]
    other_n = score_run(run, small, pairs, samples=3)
    assert [(record["epoch"], record["n"]) for record in other_n[3:]] == [(1, 3), (10, 3), (20, 3)]


def test_a_line_that_a_crash_cut_short_is_scored_again(run, small, pairs):
    score_run(run, small, pairs)
    path = run / "evaluation.jsonl"
    whole = path.read_text().splitlines()
    path.write_text("\n".join([whole[0], whole[1][:30]]))
    append_record(path, {"epoch": 5})
    assert [record["epoch"] for record in read_records(path)] == [1, 5]
    again = score_run(run, small, pairs)
    assert [record["epoch"] for record in again] == [1, 5, 10]
    assert again[2] | {"seconds": 0} == json.loads(whole[1]) | {"seconds": 0}


def test_scoring_leaves_the_global_randomness_alone(small, pairs):
    states = torch.get_rng_state(), np.random.get_state()[1].tolist()
    Evaluator(small, {"train": pairs}, {"train": "f"}).score(tiny_generator(), "train")
    assert torch.equal(torch.get_rng_state(), states[0]) and np.random.get_state()[1].tolist() == states[1]


def test_the_program_scores_a_run_folder(run, inception_weights, small, data_dir, capsys):
    (run / "weights" / "epoch-010.safetensors").unlink()
    command = [str(run), "--fid-weights", str(inception_weights), "--splits", "train", "--samples", "2"]
    assert fid.main(command) == 0
    printed = capsys.readouterr().out
    (record,) = read_records(run / "evaluation.jsonl")
    assert record["dims"] == 2048 and record["n"] == 2
    assert (
        f"Fréchet distance, substitute Inception {small.measure.weights};" in printed
        and f"fid {record['fid']:.3f}" in printed
    )
    assert fid.main([*command, "--data-dir", str(data_dir)]) == 0
    assert capsys.readouterr().out == printed and len(read_records(run / "evaluation.jsonl")) == 1


def test_at_most_so_many_pictures_of_a_split_are_scored(run, small, inception_weights):
    command = [str(run), "--fid-weights", str(inception_weights), "--dims", "64", "--splits", "train", "--samples"]
    for samples in ("3", "300", "0"):
        assert fid.main([*command, samples]) == 0
    records = read_records(run / "evaluation.jsonl")
    assert [(record["epoch"], record["n"]) for record in records] == [
        (1, 3),
        (10, 3),
        (1, 4),
        (10, 4),
    ]  # 300 and all are the same


def test_a_split_of_too_few_pictures_is_an_error_that_names_it(small, pairs, data_dir):
    val = PairedDataset(data_dir, "facades", "val")
    with pytest.raises(FidError, match="val holds too few pictures for a score, 1; at least 2 are needed"):
        Evaluator(small, {"train": pairs, "val": val}, {"train": "f", "val": "g"})
    with pytest.raises(FidError, match="val holds too few pictures for a score, 1; at least 4 are needed"):
        Evaluator(small, {"val": val}, {"val": "g"})


def test_what_cannot_be_scored_is_one_sentence(run, inception_weights, data_dir, tmp_path, released_folder, capsys):
    def error(*arguments: object) -> str:
        assert fid.main([str(argument) for argument in (*arguments, "--fid-weights", inception_weights)]) == 1
        printed = capsys.readouterr()
        assert printed.err.count("\n") == 1
        return printed.err

    assert (
        "is no run folder: it has no config.json" in error(tmp_path / "nowhere") and not (tmp_path / "nowhere").exists()
    )
    (tmp_path / "weights").mkdir()
    (tmp_path / "config.json").write_text((released_folder / "config.json").read_text())
    assert "config.json is not that of a training run" in error(tmp_path)
    assert "does not exist; --data-dir must be" in error(run, "--data-dir", tmp_path / "nowhere")
    assert "does not exist; --data-dir must be" in error(run, "--splits", "test")
    other = tmp_path / "other" / "facades" / "train"
    other.mkdir(parents=True)
    draw_pair(9).save(other / "1.jpg")
    assert "does not hold the train pictures that the run recorded" in error(run, "--data-dir", tmp_path / "other")
    for path in (run / "weights").iterdir():
        path.unlink()
    assert "holds no epoch-NNN.safetensors" in error(run)


def test_only_one_run_or_two_folders_are_taken(capsys):
    for arguments, words in (
        ("a b c", "not 3"),
        ("a b --splits val", "belong to a run folder"),
        ("a b --data-dir d", "belong to a run folder"),
    ):
        with pytest.raises(SystemExit):
            fid.main(arguments.split())
        assert words in capsys.readouterr().err


def test_weights_that_are_no_generator_of_the_run_are_an_error_that_names_the_file(run, small, pairs):
    path = run / "weights" / "epoch-001.safetensors"
    release.save_weights(path, UNet(4))
    with pytest.raises(release.ReleaseError, match=r"epoch-001.safetensors does not fit its config.json: .* is \("):
        score_run(run, small, pairs)
    path.write_bytes(b"nothing")
    with pytest.raises(release.ReleaseError, match="epoch-001.safetensors cannot be read"):
        score_run(run, small, pairs)


@pytest.mark.parametrize("value", ["1", "-3", "2.5", "many"])
def test_a_wrong_number_of_samples_is_refused(value, capsys):
    with pytest.raises(SystemExit):
        fid.main(["run", f"--samples={value}"])
    assert "--samples: must be 0 for all, or a whole number of at least 2" in capsys.readouterr().err
