"""Features against pytorch-fid, their weights, and their cache; with random weights."""

import hashlib
import io
import pickle
import socket
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from pytorch_fid import fid_score
from pytorch_fid import inception as pytorch_fid_inception

from pix2pix.fid import __main__ as fid
from pix2pix.fid import inception
from pix2pix.fid.distances import FidError
from pix2pix.fid.inception import Inception, find_weights

pytestmark = [
    pytest.mark.usefixtures("feature_cache"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pytorch_fid.*"),  # about scipy's sqrtm
]


@pytest.mark.parametrize("dims", [64, 2048])
def test_features_are_those_that_pytorch_fid_computes_from_the_files(
    inception_weights, image_folders, dims, monkeypatch
):
    monkeypatch.setenv("TORCH_HOME", str(inception_weights.parents[2]))
    files = sorted(image_folders[0].iterdir())[:4]
    network = pytorch_fid_inception.InceptionV3([pytorch_fid_inception.InceptionV3.BLOCK_INDEX_BY_DIM[dims]])
    expected = fid_score.get_activations(files, network, dims=dims, num_workers=0)
    assert expected.std() > 0.01
    features = Inception(inception_weights, dims, torch.device("cpu")).features(
        [fid._read(path)[None] for path in files]
    )
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, expected, atol=2e-5 * np.abs(expected).max())


def test_all_layers_of_pytorch_fid_are_offered():
    assert inception.DIMS == tuple(pytorch_fid_inception.InceptionV3.BLOCK_INDEX_BY_DIM)


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
        with pytest.raises(FidError, match=f"{case} does not contain the weights of pytorch-fid's Inception") as caught:
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


def test_cached_features_are_computed_once(small_inception, feature_cache, image_folders):
    pictures = list(fid.read_folder(image_folders[0]))
    features = small_inception.cached_features("key", 8, pictures)
    np.testing.assert_array_equal(features, small_inception.features(pictures))
    np.testing.assert_array_equal(small_inception.cached_features("key", 8, []), features)
    assert [path.name for path in feature_cache.iterdir()] == [f"features-key-{small_inception.measure.weights}-64.npz"]
    assert len(small_inception.cached_features("another key", 0, [])) == 0


@pytest.mark.parametrize("damage", ["cut", "one bit", "empty", "other count", "pickle"])
def test_damaged_cache_files_are_computed_again(small_inception, feature_cache, image_folders, damage, tmp_path):
    pictures = list(fid.read_folder(image_folders[0]))
    features = small_inception.cached_features("key", 8, pictures)
    (path,) = feature_cache.iterdir()
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
    np.testing.assert_array_equal(small_inception.cached_features("key", 8, pictures), features)
    np.testing.assert_array_equal(small_inception.cached_features("key", 8, []), features)
    assert not (tmp_path / "touched").exists()


def test_features_are_computed_also_where_nothing_can_be_cached(small_inception, image_folders, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert small_inception.cached_features("key", 8, fid.read_folder(image_folders[0])).shape == (8, 64)
