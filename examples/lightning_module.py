"""Lightning: the sampler in the data module, M2m and EOS as callbacks."""

import pytorch_lightning as pl
import torch
from digits import long_tailed_digits
from sklearn.metrics import recall_score
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from imbtorch.lightning import EOSCallback, M2mCallback
from imbtorch.models import Classifier
from imbtorch.resampling import EOS
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.transforms import M2m


class Digits(pl.LightningDataModule):
    def __init__(self, balanced):
        super().__init__()
        self.balanced = balanced
        self.x, self.y, self.test_x, self.test_y = long_tailed_digits()

    def train_dataloader(self):
        sampler = ClassBalancedSampler(self.y) if self.balanced else None
        data = TensorDataset(self.x, self.y)
        return DataLoader(data, batch_size=32, sampler=sampler, shuffle=not self.balanced)


class Module(pl.LightningModule):
    def __init__(self):
        super().__init__()
        features = nn.Sequential(nn.Linear(64, 128), nn.ReLU())
        self.network = Classifier(features, nn.Linear(128, 10))  # or split_head(network, "fc")

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = nn.functional.cross_entropy(self.network(x), y)
        self.log("loss", loss, prog_bar=True)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)


def train(data, epochs, callbacks=()):
    torch.manual_seed(0)
    module = Module()
    trainer = pl.Trainer(
        max_epochs=epochs,
        callbacks=[*callbacks],
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
    )
    trainer.fit(module, data)
    return module.network.cpu()


def main(epochs=30):
    data = Digits(balanced=True)
    pretrained = train(Digits(balanced=False), epochs)
    m2m = M2m(pretrained, torch.bincount(data.y).tolist(), beta=0.9, input_range=(0, 1))
    callbacks = [
        M2mCallback(m2m, first_epoch=int(0.8 * epochs)),
        EOSCallback(EOS(n_neighbors=50, random_state=0)),
    ]
    network = train(data, epochs, callbacks)
    recall = recall_score(data.test_y, network(data.test_x).argmax(1), average=None)
    print("recall of each class:", recall.round(2), "mean:", recall.mean().round(3))
    return recall


if __name__ == "__main__":
    main()
