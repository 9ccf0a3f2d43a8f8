"""The examples run, and the twins stay twins."""

import difflib
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from imbtorch import build_model, save_checkpoint
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.inputs import input_to_json
from imbtorch.losses import BalancedSoftmaxLoss
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.seeding import scoped_seed

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning:pytorch_lightning"),
    pytest.mark.filterwarnings("ignore:The 'train_dataloader' does not have many workers"),
    pytest.mark.filterwarnings("ignore:'pin_memory' argument is set as true but no accelerator"),
]
EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
TWINS = {  # what each differs from, and by how many lines
    "loss": ("plain", 1),
    "sampler": ("plain", 3),
    "m2m": ("sampler", 3),
    "aos": ("plain", 3),
    "eos": ("plain", 3),
}


@pytest.fixture
def run_example(monkeypatch, tmp_path):
    """Run an example's main in an empty folder, where it must leave nothing."""
    monkeypatch.syspath_prepend(EXAMPLES)
    monkeypatch.chdir(tmp_path)

    def run(name, epochs):
        with scoped_seed(0):
            result = runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"](epochs)
        assert not list(tmp_path.iterdir())
        return result

    return run


@pytest.fixture
def planned(monkeypatch):
    """The epochs for which a class-balanced sampler made a plan."""
    epochs, plan = [], ClassBalancedSampler.plan

    def recorded(self):
        epochs.append(self.epoch)
        return plan(self)

    monkeypatch.setattr(ClassBalancedSampler, "plan", recorded)
    return epochs


@pytest.mark.parametrize("name", TWINS)
def test_a_twin_differs_by_few_lines(name):
    other, number = TWINS[name]
    old, new = ((EXAMPLES / f"{n}.py").read_text().splitlines() for n in (other, name))
    changed = [line for line in difflib.ndiff(old, new) if line[0] in "+-" and line[2:].strip()]
    changed = [line for line in changed if not line[2:].startswith(("import ", "from ", '"""'))]
    assert sum(line[0] == "+" for line in changed) == number
    assert sum(line[0] == "-" for line in changed) <= number
    table = (EXAMPLES / "README.md").read_text().splitlines()
    (row,) = [line for line in table if f"[`{name}.py`]" in line]
    assert row.endswith(f"| `{other}.py` | {number} |")


def test_every_twin_finds_more_of_the_rare_digits(run_example):
    recall = {name: run_example(name, 8) for name in ("plain", *TWINS)}
    plain = recall.pop("plain")
    assert len(plain) == 10
    assert plain.mean() > 0.6
    for name, of_each in recall.items():
        assert of_each.mean() > plain.mean() + 0.03, name
        assert of_each[8:].mean() > plain[8:].mean() + 0.1, name


def test_lightning_trains_and_sets_the_samplers_epoch(run_example, planned):
    assert run_example("lightning_module", 5).mean() > 0.5
    assert planned == [0, 1, 2, 3, 4]


def test_a_network_in_timms_form_is_trained_by_a_recipe(run_example):
    assert run_example("timm_model", 8).mean() > 0.3


def test_hugging_face_sets_the_samplers_epoch(run_example, planned):
    pytest.importorskip("transformers")
    recalls = run_example("hf_trainer", 2)
    assert {name: len(recall) for name, recall in recalls.items()} == {
        "plain": 10,
        "loss": 10,
        "sampler": 10,
    }
    assert planned == [0, 1]


def test_hugging_face_loss_of_a_batch_is_the_sum_over_its_parts(monkeypatch):
    pytest.importorskip("transformers")
    monkeypatch.syspath_prepend(EXAMPLES)
    loss = runpy.run_path(str(EXAMPLES / "hf_trainer.py"))["balanced_loss"]([9, 3, 1])
    logits, y = torch.randn(6, 3), torch.tensor([0, 0, 0, 1, 1, 2])
    whole = BalancedSoftmaxLoss([9, 3, 1])(logits, y)
    parts = [loss(SimpleNamespace(logits=logits[i]), y[i], 6) for i in ([0, 1], [2, 3, 4, 5])]
    torch.testing.assert_close(sum(parts), whole)
    torch.testing.assert_close(loss(SimpleNamespace(logits=logits), y), whole)


def test_a_stored_network_classifies_files(tmp_path, capsys):
    model = build_model("small-cnn", (1, 8, 8), 2)
    read = input_to_json(ImageInput((8, 8), 1, crop=1.0))
    path, photo = tmp_path / "model.safetensors", tmp_path / "photo.png"
    save_checkpoint(path, model, {"input": read, "data": {"classes": ["cat", "cup"]}})
    Image.new("RGB", (20, 10), "orange").save(photo)
    p = runpy.run_path(str(EXAMPLES / "classify.py"))["main"](str(path), str(photo))
    assert p.shape == (1, 2)
    assert p.sum().item() == pytest.approx(1)
    best = ["cat", "cup"][int(p.argmax())]
    assert capsys.readouterr().out == f"{photo}: {best} ({p.max():.0%})\n"


def test_the_data_of_the_tutorials_is_made(monkeypatch, tmp_path):
    made = runpy.run_path(str(EXAMPLES / "made_data.py"))
    monkeypatch.setitem(made["photographs"].__globals__, "DEFECTS", {"crack": 2, "hole": 1})
    topics = {topic: (n // 20, words) for topic, (n, words) in made["TOPICS"].items()}
    monkeypatch.setitem(made["tickets"].__globals__, "TOPICS", topics)
    written = []
    for name in ("a", "b"):
        folder = tmp_path / name
        made["photographs"](folder / "photographs")
        made["payments"](folder / "payments.csv", number=200)
        made["tickets"](folder / "tickets.csv")
        written.append({p.relative_to(folder): p.read_bytes() for p in folder.rglob("*.*")})
    assert written[0] == written[1]  # the same from the same seed
    for photograph in (tmp_path / "a").rglob("*.jpg"):
        with Image.open(photograph) as image:
            assert all(80 <= side <= 400 for side in image.size)
    payments = (tmp_path / "a" / "payments.csv").read_text().splitlines()
    assert [line.rpartition(",")[2] for line in payments].count("fraud") == 1 + 3  # 1.5 %
    texts = (tmp_path / "a" / "tickets.csv").read_text().splitlines()
    assert len(texts) == 1 + sum(number for number, _ in topics.values())
