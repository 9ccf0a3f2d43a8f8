"""`--precision auto`: what it takes on which processor, and where it is said and recorded."""

import pytest
import torch
from lightning_fabric import Fabric

from imbtorch import fit
from imbtorch.commands.task_options import GROUPS
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.precision import settled
from imbtorch.errors import InputError
from imbtorch.models import mlp
from imbtorch.reproduction import reproduce

ON_CPU = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")


@pytest.fixture
def processor(monkeypatch):
    """Return a function that sets what a processor supports, in the order of `ON_CPU`."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)

    def has(*supported):
        for name in ON_CPU:
            monkeypatch.delattr(torch.cpu, name, raising=False)
        for name, one in zip(ON_CPU, supported, strict=False):
            monkeypatch.setattr(torch.cpu, name, lambda one=one: one, raising=False)

    return has


@pytest.mark.parametrize("supported", [(True, False), (False, True), (True, True)])
def test_bfloat16_where_the_processor_has_it(processor, supported):
    processor(*supported)
    assert settled("auto") == "bf16-mixed"


@pytest.mark.parametrize("supported", [(False, False), (False,), ()])
def test_float32_elsewhere(processor, supported):
    """Also where torch is too old to say."""
    processor(*supported)
    assert settled("auto") == "32-true"


@pytest.mark.parametrize("native", [True, False])
def test_emulation_on_cuda_does_not_count(processor, monkeypatch, native):
    processor(not native, not native)  # the processor beside it does not matter
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(
        torch.cuda,
        "is_bf16_supported",
        lambda including_emulation=True: native or including_emulation,
    )
    assert settled("auto") == ("bf16-mixed" if native else "32-true")


def test_what_is_asked_for_is_taken(processor):
    processor(True, True)
    assert [settled(name) for name in ("32-true", "16-mixed")] == ["32-true", "16-mixed"]


def test_a_task_says_and_records_what_was_settled(processor):
    processor(False, True)
    auto, named = (make_task("digits", precision=name) for name in ("auto", "bf16-mixed"))
    assert auto.identity() == named.identity()
    assert auto.identity()["precision"] == "bf16-mixed"
    assert auto.folder == named.folder
    assert auto.describe()[-1].endswith("; precision bf16-mixed")
    processor(False, False)
    assert make_task("digits", precision="auto").folder == make_task("digits").folder


def test_a_table_is_changed_to_what_was_settled(processor, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(reproduce, "run_table", lambda table, root, how: asked.append(how.task))
    processor(True, True)
    reproduce.reproduce("amo-3", tmp_path, 1, precision="auto")
    reproduce.reproduce("amo-3", tmp_path, 1, precision=None)
    assert asked == [{"precision": "bf16-mixed"}, {}]


def test_the_default_is_float32():
    options = {option.name: option.default for option in GROUPS["training"]}
    assert options["precision"] == "32-true"


def test_an_unknown_precision_is_refused():
    with pytest.raises(InputError, match="did you mean auto"):
        make_task("digits", precision="autp")


def test_float64_which_not_all_phases_take_is_refused():
    with pytest.raises(
        InputError, match=r"precision is '64-true'; .*known are 32-true, bf16-mixed"
    ):
        make_task("digits", precision="64-true")
    x, y = torch.randn(4, 2), torch.tensor([0, 0, 1, 1])
    for name in ("64-true", "bf16-true"):
        fabric = Fabric(accelerator="cpu", devices=1, precision=name)
        with pytest.raises(InputError, match=f"precision of fabric is '{name}'.*known are 32-true"):
            fit("erm", mlp((2,), 2), (x, y), epochs=1, fabric=fabric)
