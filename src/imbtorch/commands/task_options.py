"""The options of `make_task` on the command line, in groups; help needs nothing but these lines."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Option(NamedTuple):
    """An option: its name, type, default and help."""

    name: str
    type: Any
    default: object
    help: str


DATA = (
    "digits (built in); a folder of images, one folder a class; a file or folder of CSV, TSV, "
    "Parquet, JSON or Arrow, with texts, numbers or names of image files beside a label; an .npz "
    "with features and labels; the name of a data set on the Hugging Face hub; or mnist, cifar10, "
    "cifar100, svhn, stl10, reuters, twitter or mnist-back-rotation, if $IMBTORCH_DATA has it"
)
"""What DATA may be."""
READING = (
    Option("label", str | None, None, "label column; default: one with a usual name (label, ...)"),
    Option("columns", str | None, None, "input columns, separated by commas; default: all of use"),
    Option("train_split", str | None, None, "name of the training split; default: the usual one"),
    Option(
        "test_split",
        str | None,
        None,
        "name of the held-out split; none: hold a quarter out; group:COLUMN: no group on both "
        "sides; time:COLUMN or time:COLUMN:DATE: the latest; default: the usual one, or a quarter",
    ),
    Option(
        "image_size",
        int | None,
        None,
        "height and width in pixels that images are brought to; default: the network's own, or "
        "what most images have, at most 96; 64 if they differ more",
    ),
    Option("data_seed", int, 0, "decides which samples are kept and held out"),
)
"""How DATA is read."""
GROUPS: Mapping[str, Sequence[Option]] = {
    "data": (
        *READING,
        Option(
            "profile",
            str,
            "auto",
            "imbalance to make in the training set: none, exponential, step, step:MU (a fraction "
            "MU of the classes is rare), linear, random:P (four classes lose the fraction P) or "
            "gaussian:P; auto: exponential for a balanced benchmark, none for other data",
        ),
        Option(
            "ratio",
            float | None,
            None,
            "largest / smallest class count of the profile; default: 100, digits 40",
        ),
        Option(
            "augment",
            str,
            "auto",
            "none, crop, crop-flip, cutout, erase, trivial, rand, sim, auto:cifar or "
            "auto:imagenet, or several joined with +; auto: crop-flip for color images, crop for "
            "gray ones",
        ),
    ),
    "network": (
        Option(
            "model",
            str,
            "auto",
            "resnet32, resnet32-m2m, resnet56, wide-resnet, densenet, small-cnn, wide-cnn, mlp; "
            "timm:NAME, hf:NAME-or-folder, torchvision:NAME, path/to/module.py:factory; auto: "
            "resnet32 for color images, small-cnn for gray ones, mlp for texts and numbers",
        ),
        Option(
            "pretrained",
            str | None,
            None,
            "file with the weights of a network from elsewhere; default: its library's",
        ),
        Option("from_scratch", bool, False, "start a network from elsewhere from random weights"),
        Option(
            "freeze",
            str,
            "none",
            "what is not trained: none, backbone (all but the head: each sample is embedded once) "
            "or but:N (all but the last N blocks and the head)",
        ),
    ),
    "training": (
        Option(
            "epochs",
            int | None,
            None,
            "epochs of training; default: the network's (resnets 200, CNNs 30, mlp 15, pretrained "
            "10), but at least 1,000 steps from scratch and at most 20,000 on data of one's own",
        ),
        Option(
            "batch_size",
            int | None,
            None,
            "samples per batch; default: the network's (resnets 128, CNNs and mlp 64, pretrained "
            "32), at most a tenth of the training set",
        ),
        Option(
            "lr",
            float | None,
            None,
            "learning rate; default: the network's (resnets and mlp 0.1, CNNs 0.02, pretrained "
            "0.001, hf 0.0003)",
        ),
        Option("optimizer", str | None, None, "sgd or adamw; default: adamw if pretrained"),
        Option(
            "schedule",
            str | None,
            None,
            "of the learning rate: step, cosine or constant; default: cosine if pretrained, else "
            "step",
        ),
        Option("warmup", float | None, None, "fraction of the epochs over which the rate rises"),
        Option("weight_decay", float | None, None, "weight decay; default: the network's"),
        Option("clip", float | None, None, "largest norm of the gradients of a step"),
        Option("label_smoothing", float | None, None, "share of a label spread over all classes"),
        Option("layer_decay", float | None, None, "factor of the rate from a block to the last"),
        Option("ema", float | None, None, "decay of the moving average of the weights"),
        Option(
            "precision",
            str,
            "32-true",
            "32-true, bf16-mixed or 16-mixed; auto: bf16-mixed where the processor computes it "
            "natively, else 32-true",
        ),
    ),
}
"""Heading -> the options of `make_task`; those of its arguments with these names and defaults."""


def add_task_options(parser: Any) -> None:
    """Add the options of `make_task`, with DATA as the first argument."""
    parser.add_argument("data", type=str, metavar="DATA", help=DATA)
    for heading, options in GROUPS.items():
        add_all(parser.add_argument_group(heading), options)


def add_all(group: Any, options: Sequence[Option]) -> None:
    """Add options to a parser or to a group of it."""
    for option in options:
        if option.type is bool:
            group.add_argument(f"--{option.name}", action="store_true", help=option.help)
            continue
        said = option.help.replace("%", "%%")
        said += "" if option.default is None else f" (default: {option.default})"
        group.add_argument(f"--{option.name}", type=option.type, default=option.default, help=said)
