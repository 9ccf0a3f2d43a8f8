"""What was found in a data set, and what of it matters in training, as text."""

from dataclasses import dataclass

import numpy as np

from imbtorch.comparison.auto import SMOTE_NEEDS
from imbtorch.printable import printable

BETA = 0.9999
"""Beta of the effective number of samples, as in `effective_number_weights`."""
FEW_TESTED = 30
"""Number of held-out samples below which the recall of a class is imprecise."""


@dataclass(frozen=True)
class Inspection:
    """What `inspect_data` found.

    Attributes
    ----------
    name : str
        The DATA argument.
    asked : str
        The DATA argument with its options, as on the command line.
    kind : str
        What the samples are, in words.
    classes : list of str
        K class names.
    train, test : list of int
        Samples of each class in both splits, K numbers each.
    unreadable : list of str
        Images that cannot be decoded.
    repeated : int
        Training samples that repeat an earlier one, byte for byte.
    contradicting : int
        Distinct training samples, byte for byte, that occur with several labels.
    leaked : int
        Held-out samples that are also in the training set.
    left_out : dict
        Why samples are in neither split -> how many.
    notes : list of str
        What matters, for the user to read.
    recipes : list of str
        Recipes that suit the data.
    """

    name: str
    asked: str
    kind: str
    classes: list[str]
    train: list[int]
    test: list[int]
    unreadable: list[str]
    repeated: int
    contradicting: int
    leaked: int
    left_out: dict[str, int]
    notes: list[str]
    recipes: list[str]

    @property
    def ratio(self) -> float:
        """Imbalance ratio rho = max n_k / min n_k of the training set; infinite if one is empty."""
        return max(self.train) / min(self.train) if min(self.train) else float("inf")


def what_matters(found: Inspection) -> list[str]:
    """Return the findings that will matter in training and evaluation, one sentence each."""
    said = []
    for absent, where in ((found.train, "training"), (found.test, "held-out")):
        missing = [name for name, n in zip(found.classes, absent, strict=True) if not n]
        if missing:
            said.append(f"without a {where} sample: {_some(missing)}; add some, or drop the class")
    if found.unreadable:
        said.append(
            f"{len(found.unreadable)} samples cannot be read: {_some(found.unreadable)}; remove "
            "or repair them"
        )
    if found.leaked:
        said.append(
            f"{found.leaked} held-out samples are also in the training set: remove them, or the "
            "results look better than they are"
        )
    if found.contradicting:
        said.append(f"{found.contradicting} training samples occur with several labels")
    if found.repeated:
        said.append(
            f"{found.repeated} training samples repeat earlier ones: a rare class may have fewer "
            "different samples than its count"
        )
    coarse = [
        f"{name} ({n})"
        for name, n in zip(found.classes, found.test, strict=True)
        if 0 < n < FEW_TESTED
    ]
    if coarse:
        said.append(f"few held-out samples, so their recall is imprecise: {_some(coarse)}")
    if min(found.train) and found.ratio < 1.5:
        said.append("hardly imbalanced: plain training (erm) is the recipe to beat")
    if 0 < min(found.train) < SMOTE_NEEDS:
        said.append(
            f"the smallest class has fewer than {SMOTE_NEEDS} training samples: too few for SMOTE"
        )
    return said


def lines(found: Inspection) -> list[str]:
    """Return an inspection as text, line by line."""
    total = sum(found.train)
    names = [printable(name) for name in found.classes]
    width = max(5, *map(len, names))
    table = [
        f"  {'class':{width}} {'training':>9} {'share, %':>9} {'effective':>10} {'held out':>9}"
    ]
    order = np.argsort(-np.array(found.train), kind="stable")
    for k in order:
        n = found.train[k]
        effective = (1 - BETA**n) / (1 - BETA)
        table.append(
            f"  {names[k]:{width}} {n:9} {100 * n / total:9.2f} {effective:10.1f} {found.test[k]:9}"
        )
    out = [
        f"{found.name}: {total} training and {sum(found.test)} held-out samples of "
        f"{len(found.classes)} classes, {found.kind}",
        f"imbalance ratio (largest / smallest class): {found.ratio:.1f}",
        *table,
        *(f"- {note}" for note in found.notes),
    ]
    if found.recipes:
        out.append(f"recipes that fit: {', '.join(found.recipes)}")
        when = ", once all samples can be read" if found.unreadable else ""
        out.append(f"next{when}: imbtorch compare {found.asked} --recipes auto")
    return [printable(line) for line in out]


def _some(values: list[str]) -> str:
    return ", ".join(values[:8]) + (", ..." if len(values) > 8 else "")
