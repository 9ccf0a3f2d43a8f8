"""`ImbalancedClassifier` as a file: weights as safetensors, all else as JSON, no pickle."""

from pathlib import Path
from typing import Any, Self, TypedDict

import numpy as np
from numpy.typing import NDArray

from imbtorch.data.inputs import FeatureInput, Input, input_from_json, input_to_json
from imbtorch.data.profiles.profile import Profile
from imbtorch.data.texts.tokens import TokenInput
from imbtorch.errors import InputError
from imbtorch.integrations.stored_params import NotStored, from_json, in_json
from imbtorch.models.classifier import Classifier, head_size
from imbtorch.training.checkpoint import damaged_header, load_checkpoint, save_checkpoint
from imbtorch.training.conform import conform

LABELS = "biufUO"
"""NumPy's kinds of labels that a file can hold; objects must be strings or numbers."""


class Stored(TypedDict):
    """What a file records about an estimator, besides its network."""

    params: dict[str, Any]
    not_stored: dict[str, str]
    classes: list[Any]
    dtype: str
    history: list[dict[str, Any]]
    class_counts: list[int]
    class_shares: list[float]
    sample_shape: list[int]
    texts: dict[str, Any] | None
    columns: list[str] | None


class StoredClassifier:
    """What an estimator with a trained `Classifier` needs to be a file."""

    def save(self, path: str | Path) -> None:
        """Write the fitted estimator to one file, which holds no code.

        Parameters
        ----------
        path : str or Path
            File to write, usually ``*.safetensors``; replaced if it exists. It is a checkpoint,
            too: `load_checkpoint` reads its network, and so do ``imbtorch predict``, ``decide``
            and ``export`` if it was trained on rows of numbers or texts.

        Raises
        ------
        InputError
            If the labels are neither numbers nor strings.

        Notes
        -----
        An own Recipe, network, augmentation and random generator are not stored; what is
        predicted does not depend on them, but for a network, which `load` must be given.
        """
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        me: Any = self
        names = getattr(me, "feature_names_in_", None)
        params, not_stored = in_json(me.get_params(deep=False))
        values = Stored(
            params=params,
            not_stored=not_stored,
            classes=_labels(me.classes_),
            dtype=me.classes_.dtype.str,
            history=me.history_,
            class_counts=[int(n) for n in me.class_counts_],
            class_shares=[float(share) for share in me.class_shares_],
            sample_shape=list(me.sample_shape_),
            texts=None if me.texts_ is None else input_to_json(me.texts_),
            columns=None if names is None else [*map(str, names)],
        )
        header = {"estimator": values, "seen": me.seen_, **_as_trained(me, values)}
        save_checkpoint(path, me.model_, header)

    @classmethod
    def load(cls, path: str | Path, model: Classifier | str | None = None) -> Self:
        """Read what `save` wrote, and return an estimator that predicts the same.

        Parameters
        ----------
        path : str or Path
            The file.
        model : Classifier or str, optional
            A network of your own, which takes the weights, or the name of the function that
            makes it, see `load_checkpoint`.

        Raises
        ------
        InputError
            If the file is missing, damaged or not of an estimator, or does not fit `model`.

        Examples
        --------
        >>> import tempfile
        >>> from imbtorch.sklearn import ImbalancedClassifier
        >>> X, y = [[0.0], [0.2], [3.0], [3.3]], ["no", "no", "yes", "yes"]
        >>> model = ImbalancedClassifier("erm", epochs=9, random_state=0).fit(X, y)
        >>> path = Path(tempfile.mkdtemp()) / "model.safetensors"
        >>> model.save(path)
        >>> again = ImbalancedClassifier.load(path)
        >>> again, bool((again.predict_proba(X) == model.predict_proba(X)).all())
        (ImbalancedClassifier(epochs=9, random_state=0, recipe='erm'), True)
        """
        network, header = load_checkpoint(path, model)
        stored: Any = header.get("estimator")
        if stored is None:
            raise InputError(
                f"{str(path)!r} is a checkpoint, not of an estimator: load_checkpoint reads it"
            )
        with damaged_header(path):
            params = _checked(stored)
            conform(header.get("seen", []), list[str], "seen")
            if head_size(network.head)[1] != len(stored["classes"]):
                raise InputError(f"estimator.classes has {len(stored['classes'])} labels")
            if strangers := {*params} - {*cls._get_param_names()}:  # type: ignore[attr-defined]
                raise InputError(f"estimator.params has {min(strangers)!r}")
        made = cls(**params)
        me: Any = made
        me.model_, me.history_ = network, stored["history"]
        me.seen_ = header.get("seen", [])
        me.classes_ = np.array(stored["classes"], np.dtype(stored["dtype"]))
        me.class_counts_, me.class_shares_ = stored["class_counts"], stored["class_shares"]
        me.sample_shape_ = tuple(stored["sample_shape"])
        me.texts_ = None
        if stored["texts"] is not None:
            me.texts_ = input_from_json({**stored["texts"], "kind": TokenInput.kind})
        if len(me.sample_shape_) == 1 and me.texts_ is None:
            me.n_features_in_ = me.sample_shape_[0]
        if stored["columns"] is not None:
            me.feature_names_in_ = np.array(stored["columns"], dtype=object)
        return made


def _labels(classes: NDArray[Any]) -> list[Any]:
    """Return the labels as JSON."""
    labels: list[Any] = classes.tolist()
    odd = [label for label in labels if not isinstance(label, (str, int, float))]
    if classes.dtype.kind not in LABELS or odd:
        kind = type(odd[0]).__name__ if odd else classes.dtype
        raise InputError(f"y has labels of type {kind}; numbers and strings can be stored")
    return labels


def _checked(stored: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of the constructor; an InputError if the values are not `Stored`."""
    conform(stored, Stored, "estimator")
    try:
        dtype = np.dtype(stored["dtype"])
        fits = dtype.kind in LABELS and np.array(stored["classes"], dtype).ndim == 1
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise InputError(f"estimator.classes are no labels of type {stored['dtype']!r}")
    if stored["texts"] is not None:
        texts = {name: value for name, value in stored["texts"].items() if name != "kind"}
        conform(texts, TokenInput, "estimator.texts")
    return from_json(stored["params"], stored["not_stored"])


def _as_trained(estimator: Any, stored: Stored) -> dict[str, Any]:
    """Return what the commands need of a checkpoint, as far as the inputs are known."""
    spec: Input
    if estimator.model_.spec is None or isinstance(estimator.recipe, NotStored):
        return {}
    if estimator.texts_ is not None:
        spec = estimator.texts_
    elif len(estimator.sample_shape_) == 1:
        spec = FeatureInput(estimator.sample_shape_, tuple(stored["columns"] or ()))
    else:  # whether pixels were bytes is not known
        return {}
    classes = [*map(str, stored["classes"])]
    if len({*classes}) < len(classes):
        return {}
    counts, recipe = stored["class_counts"], estimator.recipe
    return {
        "input": input_to_json(spec),
        "recipe": {"name": recipe if isinstance(recipe, str) else recipe.name},
        "class_shares": stored["class_shares"],
        "data": {
            "name": "arrays",
            "profile": Profile("stored", max(counts) / min(counts)).to_json(),
            "hash": "",
            "data_seed": 0,
            "classes": classes,
            "counts": counts,
        },
    }
