"""``imbtorch resample``: over-sample the embeddings in a file."""

from pathlib import Path
from typing import Any

from imbtorch.commands.common import npz_path, say
from imbtorch.errors import InputError
from imbtorch.files import write_npz
from imbtorch.npz import read_npz
from imbtorch.option_types import LAST_SEED, check_whole

EXAMPLES = (
    "imbtorch resample embeddings.npz balanced.npz",
    "imbtorch resample embeddings.npz balanced.npz --method eos:k=100",
)
OVER_SAMPLERS = (
    *("ros", "smote", "borderline-smote", "svm-smote", "balanced-svm"),
    *("deep-smote", "bagan", "gamo", "cgan", "eos"),
)


def add_options(parser: Any) -> None:
    """Add the command's options."""
    parser.add_argument(
        "data", type=str, metavar="DATA", help=".npz with features and labels (or train_...)"
    )
    parser.add_argument(
        "out", type=str, metavar="OUT", help=".npz to write, with features and labels"
    )
    parser.add_argument(
        "--method",
        type=str,
        default="eos",
        help=f"one of {', '.join(OVER_SAMPLERS)}, with options, such as eos:k=50 (default: "
        "%(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="random state of the method (default: 0)"
    )


def run(data: str, out: str, method: str = "eos", seed: int = 0) -> None:
    """Over-sample the embeddings in an .npz and write them to another.

    `data` holds ``features`` (N, D) and ``labels`` (N,), or ``train_features`` and
    ``train_labels``; other arrays are copied. `out` has the same names, with the real rows first.
    EOS adds ``base_indices``, ``enemy_indices`` and ``r``: where each synthetic row comes from;
    methods that train networks add ``nearest_indices`` and ``distances`` of real rows.
    """
    from imbtorch.data.samples import check_samples
    from imbtorch.resampling.apply import cannot_resample
    from imbtorch.resampling.names import make_over_sampler

    check_whole("seed", seed, 0, LAST_SEED)
    sampler: Any = make_over_sampler(method, seed)
    path = npz_path(out, data)
    arrays = read_npz(Path(data), "data")
    prefix = "train_" if "train_features" in arrays else ""
    names = (f"{prefix}features", f"{prefix}labels")
    if not set(names) <= set(arrays):
        raise InputError(
            f"{data} holds the arrays {', '.join(arrays) or 'none'}; features and labels, or "
            "train_features and train_labels, are needed"
        )
    x, y = check_samples(arrays[names[0]], arrays[names[1]], names)
    if x.ndim != 2:
        raise InputError(
            f"{names[0]} has shape {x.shape}; embeddings of shape (N, D) are needed: "
            "imbtorch embed makes them"
        )
    try:
        new_x, new_y = sampler.fit_resample(x, y)
    except InputError:
        raise
    except ValueError as error:
        raise cannot_resample(sampler, y, error) from error
    arrays.update(dict(zip(names, (new_x, new_y), strict=True)))
    for name in ("base_indices", "enemy_indices", "r", "nearest_indices", "distances"):
        if hasattr(sampler, f"{name}_"):
            arrays[name] = getattr(sampler, f"{name}_")
    write_npz(path, arrays)
    say([f"{len(x)} rows and {len(new_x) - len(x)} synthetic ones ({sampler}): {path.resolve()}"])
