"""The examples run, the twins stay twins, and Lightning's callbacks do what they say."""

import difflib
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import pytorch_lightning as pl
import torch
from PIL import Image
from sklearn.metrics import balanced_accuracy_score
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from imbtorch import InputError, build_model, save_checkpoint
from imbtorch.data.images.image_input import ImageInput
from imbtorch.data.inputs import input_to_json
from imbtorch.integrations import lightning_callbacks
from imbtorch.lightning import EOSCallback, M2mCallback
from imbtorch.losses import BalancedSoftmaxLoss
from imbtorch.models import Classifier, predict_logits
from imbtorch.resampling import EOS
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.seeding import scoped_seed
from imbtorch.transforms import M2m

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


class Module(pl.LightningModule):
    """A user's module; keeps the batches it was given."""

    def __init__(self, **networks):
        super().__init__()
        for name, network in networks.items():
            setattr(self, name, network)
        self.seen = []

    def training_step(self, batch, batch_idx):
        x, y = batch
        self.seen.append((self.current_epoch, x.clone(), y.clone()))
        return nn.functional.cross_entropy(self.network(x), y)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def train(callback, data, epochs=3, module=None, **loader):
    """Fit a module by Lightning, always from the same seed."""
    with scoped_seed(0):
        features = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU())
        module = module or Module(network=Classifier(features, nn.Linear(8, 3)))
        trainer = pl.Trainer(
            max_epochs=epochs,
            callbacks=[callback] if callback else None,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=False,
        )
        trainer.fit(module, DataLoader(data, batch_size=16, shuffle=True, **loader))
    return module


def test_m2m_callback_changes_batches_from_its_epoch_on(blobs):
    x, data = blobs[0].clone(), TensorDataset(*blobs)
    networks = []

    def move(x, y, model):
        networks.append(model)
        return x + 100, 2 - y

    module = train(M2mCallback(move, first_epoch=1), data)
    plain = train(None, data)
    assert len(module.seen) == len(plain.seen) == 3 * 6
    for (epoch, moved, labels), (_, x0, y0) in zip(module.seen, plain.seen, strict=True):
        assert torch.equal(moved, x0 + 100 * (epoch >= 1))
        assert torch.equal(labels, 2 - y0 if epoch >= 1 else y0)
    assert networks == [module.network] * 12
    assert torch.equal(data.tensors[0], x)  # the data set is not written to


def test_m2m_callback_translates(blobs):
    data = TensorDataset(*blobs)
    pretrained = train(None, data, epochs=20).network
    before = {name: value.clone() for name, value in pretrained.state_dict().items()}
    m2m = M2m(pretrained, [60, 20, 8], beta=0.5, gamma=0.5, step_size=0.3, seed=0)
    train(M2mCallback(m2m), data)
    assert sum(m2m.statistics.flush()["accepted"]) > 5
    assert all(torch.equal(value, before[name]) for name, value in pretrained.state_dict().items())


def test_eos_callback_changes_the_head_and_nothing_else(blobs):
    x, y = blobs
    data = TensorDataset(x + 0, y)
    plain = train(None, data).network
    network = train(EOSCallback(EOS(30, random_state=0)), data).network
    for name, value in plain.features.state_dict().items():
        assert torch.equal(value, network.features.state_dict()[name]), name

    def score(model):
        logits, truth = predict_logits(model.eval(), data)
        return balanced_accuracy_score(truth, logits.argmax(1))

    assert type(network.head) is nn.Linear
    assert network.head.weight.shape == (3, 8)
    assert score(network) > score(plain) + 0.1
    again = train(EOSCallback(EOS(30, random_state=0), train=data), data).network
    assert torch.equal(again.head.weight, network.head.weight)
    other = train(EOSCallback(EOS(30, random_state=0), seed=1), data).network
    assert not torch.equal(other.head.weight, network.head.weight)


def test_callbacks_say_what_they_need(blobs, monkeypatch):
    data = TensorDataset(*blobs)
    m2m, eos = M2mCallback(lambda x, y, model: (x, y)), EOSCallback(EOS())
    with pytest.raises(InputError, match="first_epoch is -1"):
        M2mCallback(m2m.m2m, -1)
    with pytest.raises(InputError, match="epochs is 0"):
        EOSCallback(EOS(), epochs=0)
    for callback in (m2m, eos):
        with pytest.raises(InputError, match=r"Module has 0 .*split_head"):
            train(callback, data, module=Module(network=nn.Linear(2, 3)))
        two = {n: Classifier(nn.Identity(), nn.Linear(2, 3)) for n in ("network", "teacher")}
        with pytest.raises(InputError, match="Module has 2"):
            train(callback, data, module=Module(**two))
    late = M2mCallback(m2m.m2m, first_epoch=2)  # said at once, not in the epoch that needs it
    with pytest.raises(InputError, match="batch is a tuple"):
        train(
            late,
            data,
            epochs=1,
            collate_fn=lambda rows: tuple(map(torch.stack, zip(*rows, strict=True))),
        )
    loaders = SimpleNamespace(train_dataloader=[DataLoader(data), DataLoader(data)])
    module = Module(network=Classifier(nn.Identity(), nn.Linear(2, 3)))
    with pytest.raises(InputError, match="train is None and the training data loader is a list"):
        eos.on_train_start(loaders, module)
    for package in ("pytorch_lightning", "lightning", "lightning.pytorch"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=r"imbalanced-torch\[lightning\]"):
        lightning_callbacks._callbacks()


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
