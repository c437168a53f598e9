"""Hostile input from Hypothesis: damaged files and unexpected JSON values. HOSTILE_EXAMPLES=2000 tries more of it."""

import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", 60))
hostile = settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None
)

shares = st.floats(0, 1, exclude_max=True)
damage = st.lists(
    st.one_of(
        st.tuples(st.just("flip"), shares, st.integers(1, 255)),
        st.tuples(st.just("cut"), shares, st.just(b"")),
        st.tuples(st.just("insert"), shares, st.binary(min_size=1, max_size=40)),
        st.tuples(
            st.just("overwrite"), shares, st.sampled_from([b"\xff" * 8, b"\x00" * 64, b"../../x", b"\x7f\xff\xff\xff"])
        ),
    ),
    min_size=1,
    max_size=4,
)
"""Steps that damage a file: (kind, place as a share of its length, byte mask or bytes)."""

values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(),
        st.text(max_size=30),
        st.sampled_from(["../../etc/passwd", "gan\n", "#ff0000", "instance", 256, 1e400, -0.0, "<script>"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=8,
)
"""Any JSON value, with favourites of attackers."""


def damaged(whole: bytes, steps: list[tuple[str, float, Any]]) -> bytes:
    """Apply the steps of `damage`."""
    for what, share, with_what in steps:
        at = int(share * len(whole))
        match what:
            case "flip" if whole:
                whole = whole[:at] + bytes([whole[at] ^ with_what]) + whole[at + 1 :]
            case "cut":
                whole = whole[:at]
            case "insert":
                whole = whole[:at] + with_what + whole[at:]
            case "overwrite":
                whole = whole[:at] + with_what + whole[at + len(with_what) :]
    return whole
