"""The texts of AMO Table 3: Twitter and Reuters in a fixed form, with a two-layer network.

The paper does not say how the texts became numbers or how wide the network is. The features and
their scale were chosen only on the rows ERM and RS, so that these two come close to the published
figures, and then fixed.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from imbtorch.comparison.precision import settled
from imbtorch.comparison.task import Task
from imbtorch.data.arrays import ArrayDataset
from imbtorch.data.digests import digest_of
from imbtorch.data.inputs import Input
from imbtorch.data.labels import encode_labels
from imbtorch.data.load import LoadedData
from imbtorch.data.profiles.profile import Profile
from imbtorch.data.sources import open_source
from imbtorch.data.texts.text_input import TextInput
from imbtorch.data.texts.windows import WindowInput
from imbtorch.models.classifier import Classifier, Normalize
from imbtorch.models.small import mlp
from imbtorch.seeding import derive_seed
from imbtorch.training.pretrained import Pretrained
from imbtorch.training.run import OnEpoch
from imbtorch.training.setup import Setup
from imbtorch.training.snapshots import Snapshots

SETUP = Setup(batch_size=64, weight_decay=5e-5, warmup=0.0, milestones=(10 / 15,), decay=0.1)
WORDS, FEATURES = 400, 900
FACTORS = {"reuters": 4.0, "twitter": 6.0}
"""Factor by which the network multiplies its inputs, which have an L2 norm of 1."""
HIDDEN = {"reuters": 256, "twitter": 64}


@dataclass(frozen=True)
class TextTask(Task):
    """A task whose network first multiplies its input by a factor."""

    def network(self, seed: int) -> Classifier:
        """Return the untrained network for a training seed."""
        own_seed = derive_seed(seed, "network")
        return scaled_mlp(self.data.name, self.data.shape, len(self.data.classes), own_seed)

    def pretrained(
        self,
        path: Path | None = None,
        on_epoch: OnEpoch | None = None,
        snapshots: Snapshots | None = None,
    ) -> Pretrained:
        """Return the pretrained network's provider; it trains in seconds and is not stored."""
        return super().pretrained(None, on_epoch, None)


def make_text_task(
    data: str, *, epochs: int = 15, data_seed: int = 0, precision: str = "32-true"
) -> TextTask:
    """Return the task for ``twitter`` or ``reuters``.

    Parameters
    ----------
    data : str
        Which one; see `open_source` for where its files must be.
    epochs : int, default=15
        Epochs of network training.
    data_seed : int, default=0
        Determines the validation split.
    precision : str, default="32-true"
        Floating-point precision, by Fabric's name, or auto, see `make_task`.
    """
    model = f"mlp{HIDDEN[data]}x{FACTORS[data]:g}"
    return TextTask(load_texts(data), data_seed, model, epochs, SETUP, "none", settled(precision))


def load_texts(name: str) -> LoadedData:
    """Return ``twitter`` or ``reuters`` in its fixed form."""
    source = open_source(name)
    assert source.test is not None
    rows, test_rows = source.train.rows.values, source.test.rows.values
    labels = encode_labels(source.train.labels, source.test.labels, source.label_names)
    spec: Input = (
        TextInput.fit(rows, WORDS) if name == "reuters" else WindowInput(features=FEATURES)
    )
    train = ArrayDataset(spec.transform(rows), labels.train, labels.classes)
    test = ArrayDataset(spec.transform(test_rows), labels.test, labels.classes)
    profile = Profile("stored", 1.0).measured(np.bincount(labels.train))
    digest, notes = digest_of(train, test), tuple(source.notes)
    return LoadedData(name, train, test, labels.classes, spec, profile, notes, digest)


def scaled_mlp(name: str, shape: tuple[int, ...], num_classes: int, seed: int = 0) -> Classifier:
    """Return the untrained two-layer network for a data set, which first scales its input."""
    model = mlp(shape, num_classes, HIDDEN[name], seed=seed)
    scale = Normalize(torch.zeros(shape), torch.full(shape, 1 / FACTORS[name]))
    model.features = nn.Sequential(scale, *model.features.children())
    return model
