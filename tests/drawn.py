"""A data set that spawned processes import, in a module of its own: they need little else."""

import random

import numpy as np
import torch
from torch.utils.data import Dataset


class Drawn(Dataset):
    """Samples that are drawn anew each time, from the global generators."""

    def __init__(self, size=30):
        self.targets = [i % 3 for i in range(size)]

    def __len__(self):
        return len(self.targets)

    def __getitem__(self, index):
        drawn = random.random() + np.random.rand()  # noqa: NPY002
        return torch.rand(4) + drawn + self.targets[index], self.targets[index]
