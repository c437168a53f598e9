"""The precision that a machine trains and paints in."""

import pytest
import torch

import train
from pix2pix import painter, precision
from pix2pix.precision import painting_precision, resolve_precision, warn_of_slow_bf16
from tests.helpers.training import arguments


@pytest.mark.parametrize(
    "seconds, expected",
    [([1.0] * 8, "bf16"), ([2.0] * 8, "fp32"), ([1.0, 9.0, 1.0, *[9.0] * 5], "bf16"), ([1.9] * 8, "fp32")],
    ids=["faster", "as fast", "faster, with interference", "hardly faster"],
)
def test_on_a_cpu_bf16_is_used_if_it_is_faster(monkeypatch, seconds, expected):
    runs = iter(seconds)
    monkeypatch.setattr(
        precision, "_time_convolution", lambda dtype, side: next(runs) if dtype == torch.bfloat16 else 2.0
    )
    precision._bf16_is_faster.cache_clear()
    assert resolve_precision("auto", torch.device("cpu")) == expected
    assert resolve_precision("auto", torch.device("cpu")) == expected  # not timed again
    precision._bf16_is_faster.cache_clear()


@pytest.mark.parametrize("seconds, expected", [([50.0] * 2, "fp32"), ([50.0, *[1.0] * 7], "bf16")])
def test_bf16_that_is_far_slower_is_timed_twice_only(monkeypatch, seconds, expected):
    runs = iter(seconds)
    monkeypatch.setattr(
        precision, "_time_convolution", lambda dtype, side: next(runs) if dtype == torch.bfloat16 else 2.0
    )
    precision._bf16_is_faster.cache_clear()
    assert resolve_precision("auto", torch.device("cpu")) == expected
    assert list(runs) == []
    precision._bf16_is_faster.cache_clear()


def test_a_convolution_is_timed_in_the_requested_number_format(monkeypatch):
    formats = []
    convolve = precision.F.conv2d
    monkeypatch.setattr(
        precision.F, "conv2d", lambda x, w, **more: formats.append((x.dtype, w.dtype)) or convolve(x, w, **more)
    )
    with torch.inference_mode():
        assert precision._time_convolution(torch.bfloat16, 16) > 0
    assert formats == [(torch.bfloat16, torch.bfloat16)]


@pytest.mark.parametrize("supported, expected", [(True, "bf16"), (False, "fp32")])
def test_on_a_gpu_bf16_is_used_unless_it_is_emulated(monkeypatch, supported, expected):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: supported)
    assert resolve_precision("auto", torch.device("cuda")) == expected


@pytest.mark.parametrize("name", ["fp32", "bf16"])
def test_an_explicit_precision_is_used(name):
    assert resolve_precision(name, torch.device("cpu")) == name


@pytest.mark.parametrize("vnni, expected", [(True, "int8"), (False, "fp32")])
def test_painting_is_in_int8_on_cpus_with_vnni(monkeypatch, vnni, expected):
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: vnni)
    monkeypatch.setattr(precision, "_bf16_is_faster", lambda: False)
    assert painting_precision("auto", torch.device("cpu")) == expected
    assert painting_precision("fp32", torch.device("cpu")) == "fp32"


def test_a_missing_precision_is_one_sentence(monkeypatch):
    with pytest.raises(ValueError, match="no precision 'half'; choose one of auto, int8"):
        painting_precision("half", torch.device("cpu"))
    with pytest.raises(ValueError, match="int8 is for CPUs"):
        painting_precision("int8", torch.device("cuda"))
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: False)
    with pytest.raises(ValueError, match="choose auto or fp32"):
        painting_precision("int8", torch.device("cpu"))


def test_painting_on_a_gpu_is_in_the_precision_of_training(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    assert painting_precision("auto", torch.device("cuda")) == "bf16"


@pytest.mark.parametrize(
    "name, kind, is_faster, warns",
    [
        ("bf16", "cpu", False, True),
        ("bf16", "cpu", True, False),
        ("fp32", "cpu", False, False),
        ("bf16", "cuda", False, False),
    ],
)
def test_bf16_on_a_cpu_that_is_slower_with_it_is_warned_of(monkeypatch, capsys, name, kind, is_faster, warns):
    monkeypatch.setattr(precision, "_bf16_is_faster", lambda: is_faster)
    warn_of_slow_bf16(name, torch.device(kind))
    assert capsys.readouterr().err.startswith("bf16 is slow on this CPU") == warns


def test_training_and_painting_warn_of_slow_bf16(monkeypatch, capsys, data_dir, tmp_path):
    monkeypatch.setattr(precision, "_bf16_is_faster", lambda: False)
    run = tmp_path / "run"
    assert train.main(arguments(data_dir, run, precision="bf16", epochs=1)) == 0
    assert capsys.readouterr().err.count("bf16 is slow on this CPU") == 1
    assert train.main(arguments(data_dir, run, precision="auto", epochs=2)) == 0  # its precision may not change
    assert "bf16 is slow" not in capsys.readouterr().err
    maps = ["--input", str(data_dir / "facades" / "val"), "--output", str(tmp_path / "painted")]
    assert painter.main(["--weights", str(run / "release"), *maps, "--precision", "bf16"]) == 0
    assert capsys.readouterr().err.count("bf16 is slow on this CPU") == 1
