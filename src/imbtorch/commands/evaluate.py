"""``imbtorch evaluate``: measure a stored network on new data."""

from typing import Any

from imbtorch.commands.common import load_trained, say


def add_options(parser: Any) -> None:
    """Add the command's options."""
    parser.add_argument("checkpoint", type=str, help="file written by train or compare")
    parser.add_argument("data", type=str, help="as for compare; its held-out split is evaluated")
    parser.add_argument("--label", type=str | None, help="label column")


def run(checkpoint: str, data: str, label: str | None) -> None:
    """Measure a stored network on the held-out split of a data set."""
    from imbtorch.comparison.report.table import print_classes
    from imbtorch.data.arrays import labels_of
    from imbtorch.data.inputs import input_from_json
    from imbtorch.data.load_for import load_for
    from imbtorch.metrics import evaluate

    model, header = load_trained(checkpoint)
    trained_on = header["data"]
    classes, counts = trained_on["classes"], trained_on["counts"]
    spec = input_from_json(header["input"])
    dataset = load_for(data, spec, classes, data_seed=trained_on["data_seed"], label=label)
    say([f"recipe {header['recipe']['name']}, {len(labels_of(dataset))} samples of {data}"])
    print_classes(evaluate(model, dataset, counts), classes, counts)
