"""The options of the command line."""

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any


def make_parser(commands: Mapping[str, Callable[..., None]]) -> Any:
    """Return the parser; the help of a sub-command is the first line of its function."""
    from jsonargparse import ArgumentParser

    from imbtorch.experiments.inspect import inspect_data
    from imbtorch.experiments.make_task import make_task
    from imbtorch.experiments.tables import SCALES, TABLES
    from imbtorch.resampling.names import RESAMPLERS

    parser = ArgumentParser(
        prog="imbtorch",
        description="Learn from class-imbalanced data: inspect it, compare recipes, train, "
        "evaluate, reproduce the papers' tables, tune, embed and over-sample embeddings.",
        version=version("imbalanced-torch"),
    )
    subs = parser.add_subcommands()

    sub = ArgumentParser(description=commands["inspect"].__doc__)
    sub.add_function_arguments(inspect_data, as_positional=True)
    subs.add_subcommand("inspect", sub, help=commands["inspect"].__doc__)

    sub = ArgumentParser(description=commands["compare"].__doc__)
    sub.add_function_arguments(make_task, as_positional=True)
    sub.add_argument(
        "--recipes",
        type=str,
        default="erm,rs,drw,ldam-drw,m2m,eos",
        help="names, separated by commas; auto finds the best two on short budgets",
    )
    sub.add_argument("--seeds", type=int, default=3, help="number of training seeds")
    sub.add_argument("--out", type=str | None, help="folder for the results, else one in runs/")
    subs.add_subcommand("compare", sub, help=commands["compare"].__doc__)

    sub = ArgumentParser(description=commands["train"].__doc__)
    sub.add_function_arguments(make_task, as_positional=True)
    sub.add_argument("--recipe", type=str, default="drw", help="name of the recipe")
    sub.add_argument("--seed", type=int, default=0, help="training seed")
    sub.add_argument("--out", type=str, default="model.safetensors", help="checkpoint file")
    subs.add_subcommand("train", sub, help=commands["train"].__doc__)

    sub = ArgumentParser(description=commands["evaluate"].__doc__)
    sub.add_argument("checkpoint", type=str, help="file written by train or compare")
    sub.add_argument("data", type=str, help="as for compare; its held-out split is measured")
    sub.add_argument("--label", type=str | None, help="label column")
    subs.add_subcommand("evaluate", sub, help=commands["evaluate"].__doc__)

    sub = ArgumentParser(description=commands["reproduce"].__doc__)
    sub.add_argument("table", type=str, nargs="?", help=f"one of {', '.join(TABLES)}")
    sub.add_argument("--list", action="store_true", help="show the tables and what is stored")
    sub.add_argument("--seeds", type=int, default=3, help="number of training seeds")
    sub.add_argument("--out", type=str, default="runs", help="folder for the results of all tables")
    sub.add_argument("--scale", type=str, default="full", help=f"one of {', '.join(SCALES)}")
    sub.add_argument("--jobs", type=int, default=1, help="processes side by side")
    sub.add_argument("--backend", type=str, default="loky", help="joblib's: loky, dask or ray")
    sub.add_argument("--epochs", type=int | None, help="in place of the table's")
    sub.add_argument("--precision", type=str | None, help="32-true or bf16-mixed")
    sub.add_argument("--figures", action="store_true", help="a report of each column as well")
    sub.add_argument(
        "--columns", type=str | None, help="this one, or those whose titles contain it"
    )
    subs.add_subcommand("reproduce", sub, help=commands["reproduce"].__doc__)

    sub = ArgumentParser(description=commands["tune"].__doc__)
    sub.add_function_arguments(make_task, as_positional=True)
    sub.add_argument("--recipe", type=str, default="m2m", help="m2m, amo, aos, eos, dos, ldam+eos")
    sub.add_argument("--trials", type=int | None, help="combinations to try, else all")
    sub.add_argument("--seeds", type=int, default=1, help="number of training seeds")
    sub.add_argument("--out", type=str | None, help="folder for the runs, else one in runs/")
    subs.add_subcommand("tune", sub, help=commands["tune"].__doc__)

    sub = ArgumentParser(description=commands["resample"].__doc__)
    sub.add_argument("data", type=str, help=".npz with features and labels (or train_...)")
    sub.add_argument("out", type=str, help=".npz to write, with features and labels")
    sub.add_argument("--method", type=str, default="eos", help=f"one of {', '.join(RESAMPLERS)}")
    sub.add_argument("-k", "--n_neighbors", type=int | None, help="else the method's own number")
    sub.add_argument("--seed", type=int, default=0, help="random state of the method")
    subs.add_subcommand("resample", sub, help=commands["resample"].__doc__)

    sub = ArgumentParser(description=commands["embed"].__doc__)
    sub.add_argument("checkpoint", type=str, help="file written by train or compare")
    sub.add_argument("data", type=str, help="as for compare; all its splits are embedded")
    sub.add_argument("out", type=str, help=".npz to write")
    sub.add_argument("--label", type=str | None, help="label column")
    subs.add_subcommand("embed", sub, help=commands["embed"].__doc__)
    return parser
