"""Resampling before splitting: copies of test samples end up in training."""

import numpy as np
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import recall_score
from sklearn.model_selection import train_test_split

from imbtorch.resampling.names import make_over_sampler


def rare_recall(method, before, seed):
    X, y = make_classification(4000, weights=[0.95], flip_y=0.03, class_sep=0.7, random_state=seed)
    X, fresh_X, y, fresh_y = train_test_split(X, y, test_size=0.5, stratify=y, random_state=seed)
    if before:  # the mistake
        X, y = make_over_sampler(method, random_state=seed).fit_resample(X, y)
    X, test_X, y, test_y = train_test_split(X, y, stratify=y, random_state=seed)
    if not before:
        X, y = make_over_sampler(method, random_state=seed).fit_resample(X, y)
    forest = RandomForestClassifier(random_state=seed).fit(X, y)
    held_out = recall_score(test_y, forest.predict(test_X))
    return held_out, recall_score(fresh_y, forest.predict(fresh_X))


print("recall of the rare class, mean of 5 data sets | on its test split | on fresh data")
print("---|---|---")
for method in ("ros", "smote"):
    for before in (True, False):
        results = np.mean([rare_recall(method, before, seed) for seed in range(5)], axis=0)
        when = "before" if before else "after"
        print(f"{method}, {when} the split | {results[0]:.2f} | {results[1]:.2f}")
