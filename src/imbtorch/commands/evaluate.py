"""``imbtorch evaluate``: measure a stored network on new data."""

from typing import Any

from imbtorch.commands.common import add_own_model_option, add_reading_options, load_trained, say

EXAMPLES = (
    "imbtorch evaluate model.safetensors new_photos/",
    "imbtorch evaluate model.safetensors table.csv --label kind --test-split none",
)


def add_options(parser: Any) -> None:
    """Add the command's options."""
    parser.add_argument(
        "checkpoint", type=str, metavar="CHECKPOINT", help="file written by train or compare"
    )
    parser.add_argument("data", type=str, metavar="DATA", help="data as for compare")
    add_own_model_option(parser)
    add_reading_options(parser)


def run(checkpoint: str, data: str, model: str | None = None, **reading: str | None) -> None:
    """Measure a stored network on a data set: its held-out split, or all of new data.

    If no held-out split is stored, the quarter that was held out of the network's own training
    data is measured again; of any other data, all samples are.
    """
    from imbtorch.comparison.report.table import print_classes
    from imbtorch.data.arrays import labels_of
    from imbtorch.data.inputs import input_from_json
    from imbtorch.data.load_for import TrainedOn, load_for
    from imbtorch.data.splits import Reading
    from imbtorch.metrics import evaluate

    network, header = load_trained(checkpoint, model)
    trained_on = header["data"]
    classes, counts = trained_on["classes"], trained_on["counts"]
    spec = input_from_json(header["input"])
    opened = load_for(data, spec, TrainedOn.from_header(trained_on), Reading.of(**reading))
    say(opened.notes)
    say([f"recipe {header['recipe']['name']}, {len(labels_of(opened.test))} samples of {data}"])
    print_classes(evaluate(network, opened.test, counts), classes, counts)
