"""Optional packages: every import of one is guarded, and the error names the extra to install."""

import ast
import re
import runpy
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

import imbtorch
from imbtorch import InputError, Recipe, Train, fit, load_data
from imbtorch.cli import main, make_parser
from imbtorch.comparison.auto import choose
from imbtorch.comparison.make_task import make_task
from imbtorch.comparison.predictions import Predictor, write_predictions
from imbtorch.data.images.files import image_suffixes
from imbtorch.data.images.image_input import ImageInput, survey
from imbtorch.data.inputs import FeatureInput
from imbtorch.data.new_rows import open_new
from imbtorch.data.tables.written import read_numbers
from imbtorch.extras import MissingExtra, extra
from imbtorch.models import mlp
from imbtorch.models.backbones import open_backbone
from imbtorch.reproduction.reproduce import reproduce
from imbtorch.resampling import Neighbors
from imbtorch.training.export import export_network
from imbtorch.training.phases.metric_learning import TripletEmbedding

ROOT = Path(imbtorch.__file__).parent
PROJECT = tomllib.loads((ROOT.parents[1] / "pyproject.toml").read_text())["project"]
IMPORTED_AS = {
    "pillow": "PIL",
    "faiss-cpu": "faiss",
    "pytorch-metric-learning": "pytorch_metric_learning",
    "pytorch-lightning": "pytorch_lightning",
    "markdown-it-py": "markdown_it",
}


def packages(requirements):
    """Return the names under which requirements are imported."""
    names = (re.match(r"[\w-]+", text)[0] for text in requirements)
    return {IMPORTED_AS.get(name, name) for name in names}


EXTRAS = {
    name: packages(PROJECT["optional-dependencies"][name])
    for name in (
        *("cli", "knn", "tune", "metric", "lightning", "timm", "hf"),
        *("export", "tensorboard", "wandb", "mlflow"),
    )
}
EXTRAS["cli"] |= {"pandas", "pyarrow", "markupsafe"}  # what datasets and jinja2 themselves require
EXTRAS["timm"] |= {"torchvision"}  # what timm itself requires
EXTRAS["hf"] |= {"tokenizers", "huggingface_hub"}  # what transformers itself requires
CORE = {"torch", "numpy", "scipy", "sklearn", "imblearn", "lightning_fabric", "safetensors"}
CORE |= {"filelock", "tqdm", "imbtorch", *sys.stdlib_module_names}


def extra_of(block):
    """Return the extra that a with statement guards, if it does."""
    for call in (item.context_expr for item in block.items):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "extra":
            return call.args[0].value
    return None


def unguarded(node, guard=None):
    """Yield (line, package) of imports, in any depth, that are not in the block of their extra."""
    for child in ast.iter_child_nodes(node):
        inner = guard
        if isinstance(child, ast.With):
            inner = extra_of(child) or guard
        typing_only = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            names = [a.name for a in child.names] if isinstance(child, ast.Import) else []
            names += [child.module] if isinstance(child, ast.ImportFrom) else []
            for package in {name.partition(".")[0] for name in names} - CORE:
                if package not in EXTRAS.get(guard, ()):
                    yield child.lineno, package
        elif not typing_only:
            yield from unguarded(child, inner)


def test_every_optional_import_names_its_extra():
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {package}"
        for path in ROOT.rglob("*.py")
        for line, package in unguarded(ast.parse(path.read_text()))
    ]
    assert not wrong


def test_every_extra_is_one_of_the_project_and_in_use():
    text = "\n".join(path.read_text() for path in ROOT.rglob("*.py"))
    assert set(re.findall(r'\bextra\("(\w+)"', text)) == set(EXTRAS)


def a_task(folder):
    x = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    np.savez(folder / "made.npz", features=x, labels=np.repeat([0, 1], [40, 20]))
    return make_task(str(folder / "made.npz"), epochs=1)


def triplets(folder):
    x, y = torch.randn(40, 2), torch.arange(40) % 2
    fit(Recipe("triplet", [TripletEmbedding(1), Train(1)]), mlp((2,), 2), (x, y))


def table(folder):
    (folder / "t.csv").write_text("a,label\n1,0\n2,1\n")
    return load_data(str(folder / "t.csv"))


def export(folder):
    header = {"data": {"classes": ["a", "b"]}}
    export_network(folder / "m.onnx", mlp((2,), 2), header, torch.zeros(1, 2))


def predictions(folder):
    np.savez(folder / "new.npz", features=np.zeros((1, 2), np.float32))
    predictor = Predictor(mlp((2,), 2), FeatureInput((2,)), ["a", "b"])
    write_predictions(
        folder / "p.csv", predictor, open_new(str(folder / "new.npz"), predictor.input)
    )


DOORS = [
    ("jsonargparse", "cli", lambda folder: imbtorch.cli.make_parser()),
    ("datasets", "cli", table),
    ("datasets", "cli", lambda folder: load_data("someone/something")),
    ("PIL", "cli", lambda folder: load_data("digits")),
    ("PIL", "cli", lambda folder: ImageInput((8, 8), 1).transform(np.zeros((1, 8, 8), np.uint8))),
    ("PIL", "cli", lambda folder: survey(np.zeros((1, 8, 8), np.uint8))),
    ("PIL", "cli", lambda folder: image_suffixes.__wrapped__()),
    ("faiss", "knn", lambda folder: Neighbors(method="flat").fit(np.zeros((9, 2)))),
    ("faiss", "knn", lambda folder: Neighbors(method="hnsw").fit(np.zeros((9, 2)))),
    ("timm", "timm", lambda folder: open_backbone("timm:resnet18")),
    ("torchvision", "timm", lambda folder: open_backbone("timm:resnet18")),
    ("torchvision", "timm", lambda folder: open_backbone("torchvision:resnet18")),
    ("transformers", "hf", lambda folder: open_backbone("hf:someone/something")),
    ("pandas", "cli", lambda folder: read_numbers(np.zeros(1), "")),
    ("pyarrow", "cli", predictions),
    ("onnxruntime", "export", export),
    ("onnxscript", "export", export),
    ("optuna", "tune", lambda folder: choose(a_task(folder), out=folder)),
    ("pytorch_metric_learning", "metric", triplets),
]


@pytest.mark.parametrize(("package", "extra", "door"), DOORS)
def test_a_missing_package_names_the_extra(package, extra, door, tmp_path, monkeypatch):
    needed = {"timm": "torchvision", "onnxscript": "onnxruntime"}.get(package)
    if needed and not find_spec(needed):
        pytest.skip(f"{package} needs {needed}, which is missing as well")
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, package, None)
    said = rf"needs {package}: pip install 'imbalanced-torch\[{extra}\]'"
    with pytest.raises(MissingExtra, match=said) as caught:
        door(tmp_path)
    assert isinstance(caught.value, InputError)
    assert isinstance(caught.value, ImportError)


def test_a_package_that_is_there_and_broken_says_why():
    said = r"needs timm, .* \(cannot import name 'no' from 'timm'"
    with pytest.raises(MissingExtra, match=said), extra("timm"):
        from timm import no  # noqa: F401


def test_the_command_without_its_parser_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr("imbtorch.cli.make_parser", make_parser)  # none that is already made
    monkeypatch.setitem(sys.modules, "jsonargparse", None)
    for command in ([], ["compare", "digits"], ["--help"]):
        assert main(command) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err == (
            "imbtorch: error: the command line needs jsonargparse: "
            "pip install 'imbalanced-torch[cli]'\n"
        )


@pytest.mark.parametrize(("backend", "package"), [("dask", "dask[distributed]"), ("ray", "ray")])
def test_a_missing_backend_names_its_package(backend, package, tmp_path, monkeypatch):
    for name in ("distributed", "ray"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InputError, match=re.escape(f"pip install '{package}'")):
        reproduce("dos-6", tmp_path, 1, jobs=2, backend=backend)


def guarded_at_top():
    """Yield (file, package) of the optional packages that a whole module needs."""
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.With):
                for inner in node.body:
                    name = inner.names[0].name if isinstance(inner, ast.Import) else inner.module
                    yield str(path.relative_to(ROOT)), name.partition(".")[0]


@pytest.mark.parametrize(("file", "package"), sorted(set(guarded_at_top())))
def test_a_package_that_a_whole_module_needs(file, package, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, package, None)
    said = rf"^(this|the command line) needs {package}: pip install 'imbalanced-torch\[cli\]'$"
    with pytest.raises(MissingExtra, match=said):
        runpy.run_path(str(ROOT / file))  # afresh: the module itself stays as it is


def test_callbacks_without_lightning(monkeypatch):
    for name in ("pytorch_lightning", "lightning", "lightning.pytorch"):
        monkeypatch.setitem(sys.modules, name, None)
    said = (
        r"imbtorch.lightning needs pytorch_lightning: pip install 'imbalanced-torch\[lightning\]'"
    )
    with pytest.raises(MissingExtra, match=said):
        runpy.run_path(str(ROOT / "integrations" / "lightning_callbacks.py"))
