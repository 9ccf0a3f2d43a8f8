"""``imbtorch evaluate``: measure a stored network on new data."""

from typing import Any

from imbtorch.commands.common import (
    add_checkpoint,
    add_own_model_option,
    add_reading_options,
    load_trained,
    say,
)

EXAMPLES = (
    "imbtorch evaluate model.safetensors new_photos/",
    "imbtorch evaluate model.safetensors table.csv --label kind --test-split none",
)


def add_options(parser: Any) -> None:
    """Add the command's options."""
    add_checkpoint(parser)
    parser.add_argument("data", type=str, metavar="DATA", help="data as for compare")
    add_reading_options(parser)
    add_own_model_option(parser.add_argument_group("network"))
    parser.add_argument_group("decision").add_argument(
        "--cost", type=str | None, help="what decisions cost, a CSV file as for decide"
    )


def run(
    checkpoint: str,
    data: str,
    model: str | None = None,
    cost: str | None = None,
    **reading: str | None,
) -> None:
    """Measure a stored network on a data set: its held-out split, or all of new data.

    If no held-out split is stored, the quarter that was held out of the network's own training
    data is measured again; of any other data, all samples are, and it is said which share of them
    the network was trained on. If the checkpoint holds a decision, its figures stand beside those
    of the most probable class.
    """
    from imbtorch.comparison.decisions import decision_figures, decision_lines, decision_words
    from imbtorch.comparison.report.table import print_classes
    from imbtorch.data.cost_file import read_costs
    from imbtorch.data.inputs import input_from_json
    from imbtorch.data.load_for import TrainedOn, load_for
    from imbtorch.data.seen import share_seen
    from imbtorch.data.splits import Reading
    from imbtorch.metrics import classification_metrics, expected_cost
    from imbtorch.metrics.classification import predictions
    from imbtorch.metrics.decision import Decision
    from imbtorch.metrics.objective import Objective

    network, header = load_trained(checkpoint, model)
    trained_on = header["data"]
    classes, counts = trained_on["classes"], trained_on["counts"]
    costs = None if cost is None else read_costs(cost, classes)
    spec = input_from_json(header["input"])
    opened = load_for(data, spec, TrainedOn.from_header(trained_on), Reading.of(**reading))
    say(opened.notes)
    remembered = [] if opened.as_trained else header.get("seen", [])
    share = share_seen(opened.test, remembered, sum(counts))
    if share > 0:
        say(
            [
                f"warning: the network was trained on about {share:.1%} of these samples: the "
                "figures are too good"
            ]
        )
    y, predicted, p = predictions(network, opened.test, counts)
    say([f"recipe {header['recipe']['name']}, {len(y)} samples of {data}"])
    print_classes(classification_metrics(y, predicted, counts, p), classes, counts)
    if "decision" in header:
        decision = Decision.from_json(header["decision"])
        objective = (
            Objective.named(decision.maximizes) if costs is None else Objective.of(costs=costs)
        )
        figures = decision_figures(objective, decision, y, p, counts)
        say([decision_words(decision, classes, counts)])
        say(decision_lines(figures, classes, counts))
    elif costs is not None:
        say([f"expected cost {expected_cost(y, predicted, costs):.4f} a sample"])
