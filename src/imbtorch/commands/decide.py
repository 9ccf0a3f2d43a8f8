"""``imbtorch decide``: choose temperature and thresholds for a network that is trained."""

from typing import TYPE_CHECKING, Any

from imbtorch.commands.common import (
    add_checkpoint,
    add_own_model_option,
    add_reading_options,
    file_to_write,
    load_trained,
    say,
)
from imbtorch.errors import InputError

if TYPE_CHECKING:
    from torch.utils.data import Dataset

    from imbtorch.data.load_for import Opened

EXAMPLES = (
    "imbtorch decide model.safetensors validation/ --maximize f1 --out decided.safetensors",
    "imbtorch decide model.safetensors table.csv --cost costs.csv --out decided.safetensors",
)
TOO_MANY_SEEN = 0.1
"""The share of DATA that the network was trained on from which on it is refused."""


def add_options(parser: Any) -> None:
    """Add the command's options."""
    add_checkpoint(parser)
    parser.add_argument(
        "data",
        type=str,
        metavar="DATA",
        help="labeled samples that were neither trained nor are tested on",
    )
    group = parser.add_argument_group("decision")
    add_decide_options(group, "--maximize")
    group.add_argument("--out", type=str, required=True, help="checkpoint to write")
    add_reading_options(parser)
    add_own_model_option(parser.add_argument_group("network"))


def add_decide_options(parser: Any, metric: str) -> None:
    """Add the options that say what a decision is chosen for."""
    parser.add_argument(
        metric,
        type=str | None,
        help="choose temperature and class-wise offsets (for two classes a threshold) on a "
        "validation split so that this is largest: f1, fbeta:B, balanced_accuracy or, for two "
        "classes, recall@precision:P",
    )
    parser.add_argument(
        "--cost",
        type=str | None,
        help="the same so that this costs least: a CSV file whose rows are the true classes, "
        "columns the decisions, both named in the first row and column",
    )


def run(
    checkpoint: str,
    data: str,
    out: str,
    maximize: str | None = None,
    cost: str | None = None,
    model: str | None = None,
    **reading: str | None,
) -> None:
    """Choose temperature and thresholds of a stored network on labeled samples, and store both.

    A network that was trained with --decide has samples held out for this: DATA may be its
    training data then. Otherwise, they must be samples that it was not trained on.
    """
    from imbtorch.comparison.deciding import check_deciding
    from imbtorch.comparison.decisions import decision_figures, decision_lines, decision_words
    from imbtorch.data.cost_file import read_costs
    from imbtorch.data.inputs import input_from_json
    from imbtorch.data.load_for import TrainedOn, load_for
    from imbtorch.data.splits import Reading
    from imbtorch.metrics.choose_decision import decision_for
    from imbtorch.metrics.classification import predictions
    from imbtorch.metrics.objective import Objective, few_words
    from imbtorch.training.checkpoint import save_checkpoint
    from imbtorch.training.shared_backbone import SHARED

    check_deciding(maximize, cost, "maximize")
    if maximize is None and cost is None:
        raise InputError("neither maximize nor cost is given: what should the decision be for?")
    path = file_to_write(out, data, cost)
    network, header = load_trained(checkpoint, model)
    classes, counts = header["data"]["classes"], header["data"]["counts"]
    costs = None if cost is None else read_costs(cost, classes)
    objective = Objective.of(maximize, costs)
    trained_on = TrainedOn.from_header(header["data"])
    opened = load_for(data, input_from_json(header["input"]), trained_on, Reading.of(**reading))
    say(opened.notes)
    remembered = header.get("seen", [])
    samples = _unseen(opened, data, reading["test_split"], remembered, sum(counts))
    y, _, p = predictions(network, samples, counts)
    say(few_words(y, classes))
    decision = decision_for(objective, y, p, counts)
    say([decision_words(decision, classes, counts)])
    say([f"on the {len(y)} samples that it was chosen on, so too good for a result:"])
    figures = decision_figures(objective, decision, y, p, counts)
    say(decision_lines({**figures, "best": None}, classes, counts))
    kept = {name: value for name, value in header.items() if name != SHARED}
    save_checkpoint(path, network, {**kept, "decision": decision.to_json()})
    say([f"checkpoint: {path.resolve()}"])


def _unseen(
    opened: "Opened", data: str, test_split: str | None, remembered: list[str], trained_on: int
) -> "Dataset[Any]":
    """Return the samples to choose on; what the network was trained on or tested on is refused."""
    from imbtorch.data.arrays import labels_of
    from imbtorch.data.seen import share_seen

    again = (
        "choose on other labeled samples, or train again with --decide, which holds a fifth of the "
        "training set out for this"
    )
    if opened.as_trained:
        if opened.validation is None:
            raise InputError(
                f"data is {data!r}, on which the network was trained and tested: {again}"
            )
        number = len(labels_of(opened.validation))
        say([f"chosen on the {number} samples that were held out of its training set"])
        return opened.validation
    if opened.train is not None and test_split is None:
        raise InputError(
            f"data is {data!r}, which has a training and a held-out split: name the one to choose "
            "on, as in --test_split validation; one that you test on later is no choice"
        )
    if not remembered:
        say(
            ["warning: which samples the network was trained on is not known: give it none of them"]
        )
    share = share_seen(opened.test, remembered, trained_on)
    if share >= TOO_MANY_SEEN:
        raise InputError(
            f"data is {data!r}; the network was trained on about {share:.0%} of its samples: "
            f"{again}"
        )
    if share > 0:
        say([f"warning: the network was trained on about {share:.1%} of the samples in DATA"])
    return opened.test
