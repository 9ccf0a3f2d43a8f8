"""Convert results stored by 0.1 to the format of 0.2: `python results/migrate.py`, run once.

Nothing is trained. Recipes get their new names, and their description is replaced by the new one
after the two are compared parameter by parameter; seeds, profile and parts of the data become
values; folders of runs get the name of their task; the runs of amo-3 and eos-embeddings move to
the folder of all tables' runs. The data sets of these two are read from $IMBTORCH_DATA. A second
run finds nothing left to do.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

from imbtorch.comparison.store import read_rows
from imbtorch.comparison.task import folder_of
from imbtorch.comparison.validation import validation_task
from imbtorch.data.profiles.profile import Profile
from imbtorch.files import write_atomically
from imbtorch.reproduction.embedding_task import make_embedding_task
from imbtorch.reproduction.paper_table import load_table
from imbtorch.reproduction.text_task import make_text_task
from imbtorch.training.recipe import Recipe
from imbtorch.training.recipes import make_recipe

RESULTS = Path(__file__).parent
OVER_SAMPLERS = {
    "smote": "SMOTE",
    "borderline_smote": "BorderlineSMOTE",
    "svm_smote": "SVMSMOTE",
    "BalancedSVM": "BalancedSVM",
    "EOS": "EOS",
}
NAMES = {"base": "erm", "b-smote": "borderline-smote", "pixel-eos": "data:eos"}
HEADS = {"LogisticHead": "+lr", "NearestHead": "+knn"}
Row = dict[str, Any]


def new_name(old: Row, in_table: bool) -> str:
    """Return the new name of a stored recipe."""
    name = old["name"]
    rounds = [p for p in old["phases"] if p["phase"] == "DeepOversample"]
    if name.startswith("dos") and in_table:
        first, head = rounds[0], old["phases"][-1]["phase"]
        options = {key: first[key] for key in ("k_minority", "k_majority")}
        changed = [f":{k}={v}" for k, v in options.items() if v != (5 if "minor" in k else 0)]
        return f"dos{''.join(changed)}:each={first['epochs']}{HEADS.get(head, '')}"
    parts = []
    for part in name.replace("ldam-", "ldam+").split("+"):
        part = NAMES.get(part, part)
        part = re.sub(r"^eos-(\d+)$", r"eos:k=\1", part)
        part = re.sub(r"^head-(.+)$", lambda m: f"head:{NAMES.get(m[1], m[1])}", part)
        parts.append(part)
    return "+".join(parts)


def like_new(value: Any) -> Any:
    """Return an old description with the names and parameters of the new form."""
    if isinstance(value, list):
        return [like_new(one) for one in value]
    if not isinstance(value, dict):
        return value
    value = {key: like_new(one) for key, one in value.items() if key != "sampling_strategy"}
    if value.get("name") in OVER_SAMPLERS:
        value = {**value, "name": OVER_SAMPLERS[value["name"]], "top_up": False}
    return value


def checked(old: Row, new: Recipe) -> Row:
    """Return the new description of a recipe, after comparing it with the old one."""
    described = new.describe()
    for key in ("head", "phases"):
        if like_new(old[key]) != like_new(described[key]):
            raise ValueError(f"{old['name']} is not {new.name}: {old[key]} and {described[key]}")
    return described


def new_data(old: Row) -> Row:
    """Return an experiment's description of its data, with values instead of prose."""
    words, _, ratio = old["profile"].partition(", ratio ")
    counts = old["counts"]
    name, _, fraction = words.replace("as stored", "stored").partition(":")
    asked = float(ratio) if name in ("exponential", "step", "linear") else None
    measured = max(counts) / min(counts)
    profile = Profile(name, asked or measured, float(fraction) if fraction else None)
    whole, *parts = old["hash"].split(", ")
    return {
        "name": old["name"],
        "profile": profile.to_json(),
        "parts": parts,
        "hash": whole,
        "data_seed": old["seed"],
        "classes": old["classes"],
        "counts": counts,
    }


def new_row(old: Row, recipe: Row, identity: Row) -> Row:
    """Return a result row in the new form."""
    kept = {k: v for k, v in old.items() if k not in (*identity, "recipe", "training_seed")}
    kept.pop("version", None)
    seconds = kept.pop("generator_seconds", 0.0)
    for epoch in kept.get("history", ()):
        if "generator_confidence" in epoch.get("batch", ()):
            epoch["batch"]["pretrained_confidence"] = epoch["batch"].pop("generator_confidence")
    row = {"recipe": recipe, "seed": old["training_seed"], **identity, **kept}
    return {**row, "pretrained_seconds": seconds}


def write(folder: Path, identity: Row, rows: list[Row]) -> None:
    """Write an experiment and its rows, without duplicate runs."""
    unique = {json.dumps([row["recipe"], row["seed"]]): row for row in reversed(rows)}
    lines = [json.dumps(row, allow_nan=False) for row in reversed(unique.values())]
    write_atomically(folder / "results.jsonl", ("\n".join(lines) + "\n").encode())
    write_atomically(folder / "experiment.json", json.dumps(identity, indent=1).encode())


def migrate_task(folder: Path) -> None:
    """Convert the runs of an ordinary task to the new form."""
    old = json.loads((folder / "experiment.json").read_text())
    if "version" not in old:
        return
    identity = {**old, "data": new_data(old["data"]), "figures": old["version"]}
    del identity["version"]
    in_table = folder.parent.name == "runs"
    rows = []
    for row in read_rows(folder / "results.jsonl"):
        recipe = make_recipe(new_name(row["recipe"], in_table), old["epochs"])
        rows.append(new_row(row, checked(row["recipe"], recipe), identity))
    write(folder, identity, rows)
    if in_table:
        folder.rename(folder.with_name(folder_of(identity)))


def migrate_texts(data: str) -> None:
    """Move the runs of AMO Table 3 on one data set, and those on its validation split."""
    task = make_text_task(data)
    for name, one in ((data, task), (f"{data}-validation", validation_task(task))):
        folder = RESULTS / "amo-3" / name
        if not folder.exists():
            continue
        old = json.loads((folder / "experiment.json").read_text())
        assert old["counts"] == one.data.counts
        rows = []
        for row in read_rows(folder / "results.jsonl"):
            options = row["recipe"]["phases"][-1].get("batch", {})
            tuned = "".join(f":{k}={options[k]}" for k in ("beta", "lam", "gamma") if options)
            recipe = make_recipe(new_name(row["recipe"], False) + tuned, task.epochs)
            metrics = {k: row.pop(k) for k in [*row] if k.endswith(("recall", "accuracy"))}
            row.update(metrics=metrics, versions=old["versions"])
            rows.append(new_row(row, checked(row["recipe"], recipe), one.identity()))
        write(RESULTS / "runs" / one.folder, one.identity(), rows)
        shutil.rmtree(folder)


def migrate_embeddings() -> None:
    """Move the runs on stored embeddings."""
    folder = RESULTS / "eos-embeddings"
    if not (folder / "results.jsonl").exists():
        return
    task = make_embedding_task("cifar10_lt_embeddings")
    table = load_table("eos-embeddings")
    rows = []
    for row in read_rows(folder / "results.jsonl"):
        recipe = task.recipe(table.rows[row["recipe"]["name"]].recipe or "")
        described = recipe.describe()
        new = described["phases"][0].get("resample")
        assert like_new(row["recipe"]["resample"]) == like_new(new), row["recipe"]
        row["seconds"] = sum(row["metrics"].pop(f"{k}_seconds") for k in ("sampling", "head"))
        rows.append(new_row(row, described, task.identity()))
    write(RESULTS / "runs" / task.folder, task.identity(), rows)
    (folder / "results.jsonl").unlink()
    (folder / "experiment.json").unlink()


if __name__ == "__main__":
    for label in sorted(RESULTS.glob("runs/*/experiment.json")):
        migrate_task(label.parent)
    for label in sorted(RESULTS.glob("*/experiment.json")):
        if label.parent.name != "eos-embeddings":
            migrate_task(label.parent)
    for name in ("reuters", "twitter"):
        migrate_texts(name)
    migrate_embeddings()
