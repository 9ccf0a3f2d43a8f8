"""``imbtorch predict``: what a stored network says of new data, which need no labels."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from imbtorch.commands.common import (
    SOME_FAILED,
    add_checkpoint,
    add_own_model_option,
    file_to_write,
    load_trained,
    say,
)
from imbtorch.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES = (
    "imbtorch predict model.safetensors new_photos/ --out predictions.csv",
    "imbtorch predict model.safetensors table.parquet --prior 0.99,0.01 --out new.parquet",
)
SHOWN = 20
"""Unreadable rows that are listed."""


def add_options(parser: Any) -> None:
    """Add the command's options."""
    add_checkpoint(parser)
    parser.add_argument(
        "data",
        type=str,
        metavar="DATA",
        help="a folder of images at any depth, a table with the columns of the training, an .npz "
        "with features, or a name on the hub; labels are not read",
    )
    add = parser.add_argument_group("predictions").add_argument
    add(
        "--out",
        type=str,
        default="predictions.csv",
        help="file to write: .csv or .parquet (default: %(default)s)",
    )
    add(
        "--prior",
        type=str | None,
        help="class shares where the network is used: uniform, numbers in the order of its "
        "classes (0.9,0.1), or a CSV with the columns class and share; probabilities are "
        "corrected from the shares that training made it assume",
    )
    add = parser.add_argument_group("data").add_argument
    add("--split", type=str | None, help="name of the split to predict, if several are stored")
    add_own_model_option(parser.add_argument_group("network"))


def run(
    checkpoint: str,
    data: str,
    out: str = "predictions.csv",
    prior: str | None = None,
    split: str | None = None,
    model: str | None = None,
) -> int:
    """Predict new, unlabelled data by a stored network: a row a sample, to CSV or Parquet.

    Columns: ``path`` (an image file) or ``row`` (its number, from 0; of several tables, that in
    its ``file``), ``predicted``, ``probability_CLASS`` for each class and, if the checkpoint holds
    one, ``decision``: the class under the offsets that were chosen on a validation split. Rows that
    cannot be read are listed and have empty predictions; the exit status is then 1.
    """
    from lightning_fabric import Fabric

    from imbtorch.comparison.predictions import (
        SUFFIXES,
        Predictor,
        class_shares,
        write_predictions,
    )
    from imbtorch.data.inputs import input_from_json
    from imbtorch.data.new_rows import open_new
    from imbtorch.metrics.decision import Decision
    from imbtorch.printable import plural

    path = file_to_write(out, data)
    if path.suffix not in SUFFIXES:
        raise InputError(f"out is {out!r}; a name that ends in {' or '.join(SUFFIXES)} is needed")
    network, header = load_trained(checkpoint, model)
    classes = header["data"]["classes"]
    wanted = None if prior is None else _prior(prior, classes)
    shares = None if prior is None else class_shares(header)
    stored = header.get("decision")
    decision = None if stored is None else Decision.from_json(stored)
    spec = input_from_json(header["input"])
    rows = open_new(data, spec, split)
    say([*rows.notes, *_words(decision, header, wanted is not None)])
    network.to(Fabric(accelerator="auto", devices=1).device)
    predictor = Predictor(network, spec, classes, decision, shares, wanted)
    made = write_predictions(path, predictor, rows)
    shown = ", ".join(f"{name}: {n}" for name, n in made.counts.most_common(8))
    more = ", ..." if len(made.counts) > 8 else ""
    done = "predicted" if decision is None else "decided"
    say([f"rows {done}, {rows.total - len(made.faults)} of {rows.total}: {shown}{more}"])
    words = made.unseen.sentences()
    if made.empty:
        words.append(f"{plural(made.empty, 'text')} without a word: predicted all the same")
    say(f"warning: {sentence}" for sentence in words)
    if made.faults:
        say(["rows that cannot be read, without a prediction:"])
        for row, reason in [*made.faults.items()][:SHOWN]:
            named = rows.names(row, row + 1).items()
            place = ", ".join(f"row {at}" if name == "row" else at for name, (at,) in named)
            say([f"  {place}: {reason}"])
        say([f"  ... {len(made.faults) - SHOWN} more"] if len(made.faults) > SHOWN else [])
    say([f"predictions: {path.resolve()}"])
    return SOME_FAILED if made.faults else 0


def _words(decision: Any, header: Any, corrected: bool) -> list[str]:
    """Return how probabilities and decisions are made, in sentences."""
    from imbtorch.comparison.decisions import decision_words

    if decision is None:
        return []
    words = [decision_words(decision, header["data"]["classes"], header["data"]["counts"])]
    if corrected:
        words += ["the prior changes probabilities and predicted classes, not the decision"]
    return words


def _prior(text: str, classes: "Sequence[str]") -> list[float]:
    """Return the class shares that ``--prior`` names, in the order of the classes."""
    from imbtorch.metrics.prior import check_shares

    if text == "uniform":
        return [1.0] * len(classes)
    numbers = _numbers(text.split(","))
    if numbers is None and Path(text).is_file():
        numbers = _numbers(_stored_shares(text, classes))
    if numbers is None:
        raise InputError(
            f"prior is {text!r}; uniform, numbers such as 0.9,0.1, or the name of a CSV is needed"
        )
    if len(numbers) != len(classes):
        raise InputError(
            f"prior is {text!r}, {len(numbers)} numbers; the network has {len(classes)} classes: "
            f"{', '.join(classes[:8])}"
        )
    check_shares(numbers, "prior")
    return numbers


def _stored_shares(path: str, classes: "Sequence[str]") -> "list[str | None]":
    """Return the column ``share`` of a CSV in the order of the classes in its column ``class``."""
    import csv

    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if not {"class", "share"} <= {*(reader.fieldnames or ())}:
                raise InputError(
                    f"prior is {path!r}; a CSV with the columns class, share is needed"
                )
            rows = [((row["class"] or "").strip(), row["share"]) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"prior is {path!r}, which cannot be read as CSV: {error}") from error
    if sorted(name for name, _ in rows) != sorted(classes):
        raise InputError(
            f"prior is {path!r}, with the classes {[name for name, _ in rows][:8]}; each of "
            f"{list(classes)[:8]} is needed once"
        )
    shares = dict(rows)
    return [shares[name] for name in classes]


def _numbers(parts: "Sequence[str | None]") -> list[float] | None:
    try:
        return [float(part or "") for part in parts]
    except ValueError:
        return None
