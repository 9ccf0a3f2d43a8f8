"""Accuracy under imbalance: a classifier that never finds the rare class looks best."""

import numpy as np
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.metrics import precision_score
from sklearn.model_selection import train_test_split

from imbtorch.metrics import classification_metrics
from imbtorch.sklearn import ImbalancedClassifier

X, y = make_classification(20000, weights=[0.98], flip_y=0.01, class_sep=1.2, random_state=0)
X, test_X, y, test_y = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)
models = {
    "always the frequent class": DummyClassifier(),
    "erm": ImbalancedClassifier("erm", random_state=0),
    "balanced-softmax": ImbalancedClassifier("balanced-softmax", random_state=0),
}
print("model | accuracy | balanced accuracy | macro F1 | rare recall | rare precision")
print("---|---|---|---|---|---")
for name, model in models.items():
    guess = model.fit(X, y).predict(test_X)
    m = classification_metrics(test_y, guess, np.bincount(y))
    rare = precision_score(test_y, guess, zero_division=0)
    values = (m["accuracy"], m["balanced_accuracy"], m["f1_macro"], m["recall"][1], rare)
    print(name, *(f"{100 * value:.1f}" for value in values), sep=" | ")
