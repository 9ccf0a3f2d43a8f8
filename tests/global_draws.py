"""Data and networks that draw from the global generators, as those of a user may."""

import random

import numpy as np
import torch
from torch import nn

from imbtorch import models

COUNTS = [30, 9]
X = torch.randn(39, 4, generator=torch.Generator().manual_seed(0))
Y = torch.repeat_interleave(torch.arange(2), torch.tensor(COUNTS))
HEAD = nn.Linear(4, 2)


def draw():
    return torch.rand(()) + random.random() + np.random.rand()  # noqa: NPY002


class Noisy(torch.utils.data.Dataset):
    """Augments its samples with the global generators."""

    def __len__(self):
        return 39

    def __getitem__(self, index):
        return X[index] + 0.01 * draw(), int(Y[index])


class Drawing(nn.Module):
    """Draws from the global generators, in evaluation mode too."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(4, 4), HEAD

    def forward(self, x):
        return self.last(self.first(x + 0.01 * draw()))


DRAWING = Drawing()


def own():
    return models.split_head(DRAWING, "last")
