"""The data of every example: scikit-learn's 8x8 digits, made long-tailed."""

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from imbtorch.data import exponential_counts, make_imbalanced


def long_tailed_digits():
    """Return x (N, 64) in 0..1 and y of a training set with 100 to 2 samples a class, and of a
    balanced test set."""
    x, y = load_digits(return_X_y=True)
    x, y = torch.tensor(x / 16).float(), torch.tensor(y)
    train, test = train_test_split(torch.arange(len(y)), test_size=0.4, stratify=y, random_state=0)
    train = train[make_imbalanced(y[train], exponential_counts(100, 10, 50), data_seed=0)]
    return x[train], y[train], x[test], y[test]
