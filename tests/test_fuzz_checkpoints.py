"""Any change of a checkpoint works in bounded memory, or one line says what is wrong."""

import json
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostile_checkpoints import (
    DEEP,
    DROP,
    changed,
    embedded,
    memory_of_at_most,
    stored_checkpoints,
    write,
)
from imbtorch import InputError
from imbtorch.commands import evaluate

SOME = st.sampled_from(
    [
        *(None, True, -1, 0, 1, 3, 2**31, 2**63, 10**30, 1.5, -0.0, float("nan"), float("inf")),
        *("", "x", "erm", "\ud800", "\x1b[31m\n", [], {}, DEEP, [0] * 1000, "9" * 1000),
    ]
)
ANY = SOME | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


def places(value, way=()):
    """Yield the way to every value inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items if isinstance(value, (dict, list)) else ():
        yield (*way, key)
        yield from places(inner, (*way, key)) if isinstance(inner, (dict, list)) else ()


def works_or_says_why(door, *arguments):
    try:
        with memory_of_at_most(2**30):
            door(*arguments)
    except InputError as error:
        assert arguments[0] in str(error) or "DATA" in str(error) or "ratio" in str(error)  # noqa: PT017


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return stored_checkpoints(tmp_path_factory.mktemp("stored"))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(draw=st.data(), kind=st.sampled_from(["rows", "rows", "images"]))
def test_any_change_of_a_header_works_or_is_said(draw, kind, stored, tmp_path, capsys):
    data, header, tensors, _ = stored[kind]
    for _ in range(draw.draw(st.sampled_from([1, 1, 2, 4]))):
        ways = list(places(header))
        where = ways[draw.draw(st.integers(0, len(ways) - 1))]
        header = changed(header, where, draw.draw(ANY | st.just(DROP)))
    path = write(tmp_path / "m.safetensors", json.dumps(header), tensors)
    if draw.draw(st.booleans()):
        works_or_says_why(evaluate.run, path, data)
    else:
        works_or_says_why(embedded, path, data, str(tmp_path / "out.npz"))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(draw=st.data())
def test_any_damage_to_the_bytes_works_or_is_said(draw, stored, tmp_path, capsys):
    data, _, _, whole = stored["rows"]
    damaged = bytearray(whole)
    head = struct.unpack("<Q", whole[:8])[0] + 8
    for _ in range(draw.draw(st.integers(0, 4))):
        end = draw.draw(st.sampled_from([8, head, head, len(whole)]))
        damaged[draw.draw(st.integers(0, end - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    if draw.draw(st.booleans()):
        damaged = damaged[: draw.draw(st.integers(0, len(damaged)))]
    path = tmp_path / "m.safetensors"
    path.write_bytes(damaged)
    works_or_says_why(evaluate.run, str(path), data)
