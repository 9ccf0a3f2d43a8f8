"""Calibration after re-balancing: the network believes that the rare class is frequent."""

import numpy as np
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split

from imbtorch.metrics import expected_calibration_error
from imbtorch.sklearn import ImbalancedClassifier

X, y = make_classification(20000, weights=[0.95], flip_y=0.02, class_sep=0.8, random_state=0)
X, test_X, y, test_y = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)
shares = np.bincount(y) / len(y)
print("recipe | probabilities | ECE | mean probability of the rare class | its true share")
print("---|---|---|---|---")
for recipe in ("erm", "rs", "rw", "balanced-softmax"):
    model = ImbalancedClassifier(recipe, random_state=0).fit(X, y)
    kinds = {"as they are": None} | ({} if recipe == "erm" else {"prior corrected": shares})
    for kind, prior in kinds.items():
        p = model.predict_proba(test_X, prior=prior)
        ece = expected_calibration_error(test_y, p)
        print(f"{recipe} | {kind} | {ece:.3f} | {p[:, 1].mean():.3f} | {test_y.mean():.3f}")
