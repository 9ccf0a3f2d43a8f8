"""Embeddings as files: a network's into an .npz, and an .npz into an over-sampled one."""

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from imbtorch.data.arrays import check_finite
from imbtorch.data.inputs import input_from_json
from imbtorch.data.load_for import load_splits_for
from imbtorch.errors import InputError
from imbtorch.models.inference import embed
from imbtorch.resampling.names import make_resampler
from imbtorch.training.checkpoint import load_checkpoint


def resample_file(
    data: str, out: str, method: str = "eos", n_neighbors: int | None = None, seed: int = 0
) -> list[str]:
    """Over-sample the embeddings of an .npz into another.

    Parameters
    ----------
    data : str
        An ``.npz`` with ``features`` (N, D) and ``labels`` (N,), or with ``train_features`` and
        ``train_labels``; other arrays are carried over.
    out : str
        The ``.npz`` to write: the same names, real rows first. EOS adds ``base_indices``,
        ``enemy_indices`` and ``r``: where each synthetic row comes from.
    method, n_neighbors, seed
        See `make_resampler`.

    Returns
    -------
    list of str
        What was done, in words.

    Raises
    ------
    InputError
        If `data` cannot be read or holds other arrays, or the method cannot be applied.
    """
    sampler: Any = make_resampler(method, n_neighbors, seed)
    try:
        with Path(data).open("rb") as file:
            arrays = dict(np.load(file, allow_pickle=False))
    except (OSError, ValueError, TypeError, EOFError, BadZipFile) as error:
        raise InputError(f"data is {data!r}; it is no readable .npz: {error}") from error
    prefix = "train_" if "train_features" in arrays else ""
    names = (f"{prefix}features", f"{prefix}labels")
    if not set(names) <= set(arrays):
        raise InputError(
            f"{data} holds the arrays {', '.join(arrays) or 'none'}; features and labels, or "
            "train_features and train_labels, are needed"
        )
    x, y = (arrays[name] for name in names)
    if x.ndim != 2 or y.shape != x.shape[:1]:
        raise InputError(
            f"{names[0]} is of shape {x.shape} and {names[1]} of {y.shape}; (N, D) and (N,) are "
            "needed"
        )
    if not np.isfinite(x).all():
        bad = np.flatnonzero(~np.isfinite(x).all(1))
        raise InputError(f"{names[0]} holds NaN or infinite values in rows {bad[:5].tolist()}")
    new_x, new_y = sampler.fit_resample(x, y)
    arrays.update(dict(zip(names, (new_x, new_y), strict=True)))
    for name in ("base_indices", "enemy_indices", "r"):
        if hasattr(sampler, f"{name}_"):
            arrays[name] = getattr(sampler, f"{name}_")
    path = _write(out, arrays)
    return [f"{len(x)} rows and {len(new_x) - len(x)} synthetic ones ({sampler}): {path}"]


def embed_file(checkpoint: str, data: str, out: str, label: str | None = None) -> list[str]:
    """Write the embeddings of a data set, as a stored network makes them, into an .npz.

    Parameters
    ----------
    checkpoint : str
        File written by ``imbtorch train`` or ``compare``.
    data : str
        See `imbtorch.data.sources.open_source`. Of the data set the network was trained on, the
        very training set is embedded (the same imbalance, the same rows); of any other all rows.
    out : str
        The ``.npz`` to write: ``train_features``, ``train_labels``, ``test_features``,
        ``test_labels`` (numbers of the network's classes), ``test_logits``, ``classes``.
    label : str, optional
        Label column.

    Returns
    -------
    list of str
        What was done, in words.
    """
    model, header = load_checkpoint(checkpoint)
    if "input" not in header:
        raise InputError(f"checkpoint {checkpoint!r} does not say what inputs it takes")
    trained_on = header["data"]
    train, test = load_splits_for(
        data,
        input_from_json(header["input"]),
        trained_on["classes"],
        data_seed=trained_on["seed"],
        label=label,
        profile=trained_on["profile"] if data == trained_on["name"] else None,
    )
    arrays: dict[str, NDArray[Any]] = {"classes": np.array(trained_on["classes"])}
    for name, split in (("train", train), ("test", test)):
        features, labels = embed(model, split)
        check_finite(features, f"{name}_features")
        arrays[f"{name}_features"], arrays[f"{name}_labels"] = features.numpy(), labels.numpy()
        if name == "test":
            arrays["test_logits"] = model.head(features).detach().numpy()
    path = _write(out, arrays)
    n, size = arrays["train_features"].shape
    return [f"{n} + {len(arrays['test_labels'])} embeddings of size {size}: {path}"]


def _write(out: str, arrays: dict[str, NDArray[Any]]) -> Path:
    """Write an .npz, all or nothing, and return its absolute path."""
    path = Path(out)
    if path.suffix != ".npz":
        raise InputError(f"out is {out!r}; a file name that ends in .npz is needed")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path.resolve()
