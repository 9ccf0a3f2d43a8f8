"""Lightning's callbacks do what they say."""

import sys
from types import SimpleNamespace

import pytest
import pytorch_lightning as pl
import torch
from sklearn.metrics import balanced_accuracy_score
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from imbtorch import InputError
from imbtorch.integrations import lightning_callbacks
from imbtorch.lightning import EOSCallback, M2mCallback
from imbtorch.models import Classifier, predict_logits
from imbtorch.resampling import EOS
from imbtorch.seeding import scoped_seed
from imbtorch.transforms import M2m

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning:pytorch_lightning"),
    pytest.mark.filterwarnings("ignore:The 'train_dataloader' does not have many workers"),
    pytest.mark.filterwarnings("ignore:'pin_memory' argument is set as true but no accelerator"),
]


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


def train(callback, data, epochs=3, module=None, precision="32-true", **loader):
    """Fit a module by Lightning, always from the same seed."""
    with scoped_seed(0):
        features = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU())
        module = module or Module(network=Classifier(features, nn.Linear(8, 3)))
        trainer = pl.Trainer(
            max_epochs=epochs,
            callbacks=[callback] if callback else None,
            accelerator="cpu",
            precision=precision,
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


@pytest.mark.parametrize("precision", ["bf16-true", "64-true", "bf16-mixed"])
def test_eos_callback_keeps_the_precision_of_the_network(blobs, precision):
    data = TensorDataset(*blobs)
    network = train(EOSCallback(EOS(30, random_state=0)), data, precision=precision).network
    plain = train(None, data, precision=precision).network
    assert network.head.weight.dtype == plain.head.weight.dtype
    assert not torch.equal(network.head.weight, plain.head.weight)
    logits, _ = predict_logits(network, data)
    assert logits.dtype == torch.float32


def test_eos_callback_does_not_train_first_where_samples_are_no_pairs(blobs):
    data = TensorDataset(*blobs, torch.arange(len(blobs[1])))
    module = Module(network=Classifier(nn.Identity(), nn.Linear(2, 3)))
    with pytest.raises(InputError, match="not a pair"):
        train(EOSCallback(EOS()), data, module=module)
    assert not module.seen


def test_callbacks_say_what_they_need(blobs, monkeypatch):
    data = TensorDataset(*blobs)
    m2m, eos = M2mCallback(lambda x, y, model: (x, y)), EOSCallback(EOS())
    for wrong in (-1, 2.5, True):
        with pytest.raises(InputError, match=f"first_epoch is {wrong}; it must be a whole number"):
            M2mCallback(m2m.m2m, wrong)
    for wrong in (0, 2.5, True):
        with pytest.raises(InputError, match=f"epochs is {wrong}; it must be a whole number"):
            EOSCallback(EOS(), epochs=wrong)
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
