"""The precision of a machine."""

import pytest
import torch

from pix2pix.precision import resolve_precision


@pytest.mark.parametrize("tiles, expected", [(True, "bf16"), (False, "fp32")])
def test_on_a_cpu_bf16_is_used_where_it_has_tile_units(monkeypatch, tiles, expected):
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: tiles)
    assert resolve_precision("auto", torch.device("cpu")) == expected


@pytest.mark.parametrize("supported, expected", [(True, "bf16"), (False, "fp32")])
def test_on_a_gpu_bf16_is_used_where_it_is_not_emulated(monkeypatch, supported, expected):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: supported)
    assert resolve_precision("auto", torch.device("cuda")) == expected


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_what_is_asked_for_is_used(precision):
    assert resolve_precision(precision, torch.device("cpu")) == precision
