"""The command line: what each sub-command of ``imbtorch`` does."""

import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from imbtorch.cli_parser import make_parser
from imbtorch.errors import InputError


def compare(recipes: str, seeds: int, out: str | None, **task_options: Any) -> None:
    """Compare recipes on one data set: a table here, report and results in a folder."""
    from imbtorch.evaluation.summary import summarize
    from imbtorch.evaluation.table import markdown_table, print_table
    from imbtorch.experiments.auto import choose
    from imbtorch.experiments.compare import compare as run_grid
    from imbtorch.experiments.make_task import make_task
    from imbtorch.experiments.store import write_atomically
    from imbtorch.training.recipes import make_recipe

    names = [name.strip() for name in recipes.split(",") if name.strip()]
    for name in names:  # said before any data is opened
        if name != "auto":
            make_recipe(name)
    task = make_task(**task_options)
    _say(task.describe())
    folder = Path(out) if out else Path("runs") / task.slug
    if "auto" in names:
        choice = choose(task, folder / "auto")
        _say(choice.lines)
        write_atomically(folder / "auto.txt", "\n".join([*choice.lines, ""]).encode())
        names = [*choice.recipes, *(n for n in names if n not in ("auto", *choice.recipes))]
    rows = run_grid(task, names, seeds=seeds, out=folder)
    summaries = summarize(rows)
    title = f"{task.data.name}, mean ± std over {seeds} seed(s), per cent"
    write_atomically(folder / "table.md", markdown_table(summaries, title).encode())
    print_table(summaries, title)
    _say([f"report: {(folder / 'report.html').resolve()}"])


def inspect(data: str, label: str | None, image_size: int | None, data_seed: int) -> None:
    """Say what is in a data set, and what of it will matter in training."""
    from imbtorch.experiments.inspect import inspect_data, lines

    _say(lines(inspect_data(data, label=label, image_size=image_size, data_seed=data_seed)))


def train(recipe: str, seed: int, out: str, **task_options: Any) -> None:
    """Train one network by one recipe and store it as a checkpoint."""
    from tqdm import tqdm

    from imbtorch.evaluation.metrics import evaluate as measure
    from imbtorch.evaluation.table import print_classes
    from imbtorch.experiments.make_task import make_task
    from imbtorch.training.checkpoint import save_checkpoint
    from imbtorch.training.recipes import make_recipe

    make_recipe(recipe)
    task = make_task(**task_options)
    _say(task.describe())
    total = make_recipe(recipe, task.epochs).all_epochs
    with tqdm(total=total, unit="epoch", dynamic_ncols=True) as bar:

        def advance(row: dict[str, Any]) -> None:
            bar.update()

        fitted = task.fit(recipe, seed, on_epoch=advance)
    counts = task.data.counts
    save_checkpoint(out, fitted.model, task.header(recipe, seed))
    print_classes(measure(fitted.model, task.data.test, counts), task.data.classes, counts)
    _say([f"checkpoint: {Path(out).resolve()}"])


def evaluate(checkpoint: str, data: str, label: str | None) -> None:
    """Measure a stored network on a held-out set."""
    from imbtorch.data.arrays import labels_of
    from imbtorch.data.inputs import input_from_json
    from imbtorch.data.load_for import load_for
    from imbtorch.evaluation.metrics import evaluate as measure
    from imbtorch.evaluation.table import print_classes
    from imbtorch.training.checkpoint import load_checkpoint

    model, header = load_checkpoint(checkpoint)
    if "input" not in header:
        raise InputError(f"checkpoint {checkpoint!r} does not say what inputs it takes")
    classes, counts = header["data"]["classes"], header["data"]["counts"]
    spec = input_from_json(header["input"])
    dataset = load_for(data, spec, classes, data_seed=header["data"]["seed"], label=label)
    _say([f"recipe {header['recipe']['name']}, {len(labels_of(dataset))} samples of {data}"])
    print_classes(measure(model, dataset, counts), classes, counts)


def reproduce(
    table: str | None,
    seeds: int,
    out: str,
    scale: str,
    jobs: int,
    backend: str,
    epochs: int | None,
    precision: str | None,
    figures: bool,
    columns: str | None,
    list: bool,
) -> None:
    """Run a table of a paper and print it beside the published figures."""
    from imbtorch.experiments.catalogue import print_catalogue
    from imbtorch.experiments.tables import reproduce as run_table

    if list:
        print_catalogue(Path(out))
        return
    if table is None:
        raise InputError("table is missing; `imbtorch reproduce --list` shows them all")
    run_table(
        table,
        Path(out),
        seeds,
        scale=scale,
        jobs=jobs,
        backend=backend,
        epochs=epochs,
        precision=precision,
        figures=figures,
        columns=columns,
    )


def tune(recipe: str, trials: int | None, seeds: int, out: str | None, **task_options: Any) -> None:
    """Choose the parameters of a recipe on a validation split of the training set."""
    from imbtorch.experiments.make_task import make_task
    from imbtorch.experiments.tune import candidates_of
    from imbtorch.experiments.tune import tune as run_trials

    candidates_of(recipe)
    task = make_task(**task_options)
    _say(task.describe())
    folder = Path(out) if out else Path("runs") / f"tune-{task.slug}-{recipe}"
    scores = run_trials(task, recipe, trials=trials, seeds=seeds, out=folder)
    _say(["balanced accuracy on a fifth of the training set, per cent:"])
    _say([f"  {100 * score:5.1f}  {name}" for name, score in scores])
    _say([f"the best by name: --recipes {scores[0][0]}"])


def resample(data: str, out: str, method: str, n_neighbors: int | None, seed: int) -> None:
    """Over-sample the embeddings of an .npz into another."""
    from imbtorch.experiments.embeddings import resample_file

    _say(resample_file(data, out, method, n_neighbors, seed))


def embed(checkpoint: str, data: str, out: str, label: str | None) -> None:
    """Write the embeddings of a data set, as a stored network makes them, into an .npz."""
    from imbtorch.experiments.embeddings import embed_file

    _say(embed_file(checkpoint, data, out, label))


COMMANDS: dict[str, Callable[..., None]] = {
    "inspect": inspect,
    "compare": compare,
    "train": train,
    "evaluate": evaluate,
    "reproduce": reproduce,
    "tune": tune,
    "resample": resample,
    "embed": embed,
}


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)


def _underscored(argument: str) -> str:
    """Accept ``--batch-size`` for the option that jsonargparse calls ``--batch_size``."""
    if not argument.startswith("--"):
        return argument
    name, equals, value = argument[2:].partition("=")
    return "--" + name.replace("-", "_") + equals + value


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"\nimbtorch: warning: {message}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0, or 2 for unusable input."""
    warnings.showwarning = _warn
    try:
        given = sys.argv[1:] if arguments is None else arguments
        parsed = make_parser(COMMANDS).parse_args([_underscored(argument) for argument in given])
        options = vars(parsed[parsed.subcommand])
        COMMANDS[parsed.subcommand](**options)
    except InputError as error:
        print(f"imbtorch: error: {error}", file=sys.stderr)
        return 2
    except OSError as error:  # no room, no permission: what was stored before is as it was
        print(f"imbtorch: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("imbtorch: interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    return 0
