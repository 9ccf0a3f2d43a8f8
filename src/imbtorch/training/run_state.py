"""The state of a run as it is stored: its tensors, and a header."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from imbtorch.errors import InputError
from imbtorch.training.average import moving_average
from imbtorch.training.run import Run
from imbtorch.training.tensor_file import read_tensors

State = tuple[dict[str, Tensor], dict[str, Any]]
"""Tensors and header of a run's state."""


def state_now(run: Run, kept: bool) -> State:
    """Return the tensors and the header of a run's state, which later epochs do not change.

    `kept` says whether it stays when a later one is written.
    """
    optimizer = run.optimized()[1].state_dict()
    groups = {
        "model": run.model.state_dict(),
        "examples": run.examples,
        "phase": run.state,
        "random": {"cpu": torch.get_rng_state()},
        "average": run.average.state_dict() if run.average else {},
        "branch": run.branch.state_dict() if run.branch else {},
        **{f"optimizer {i}": values for i, values in optimizer["state"].items()},
    }
    if run.fabric.device.type == "cuda":
        groups["random"]["cuda"] = torch.cuda.get_rng_state(run.fabric.device)
    tensors = {
        f"{group}/{name}": value.detach().cpu().clone().contiguous()
        for group, values in groups.items()
        for name, value in values.items()
        if value is not None
    }
    header = {
        "kept": kept,
        "epoch": run.epoch,
        "history": list(run.history),
        "seconds": run.seconds,
        "shared_seconds": run.shared_seconds,
        "asked_pretrained": run.asked_pretrained,
        "param_groups": [dict(group) for group in optimizer["param_groups"]],
        "loss_scale": run.fabric._precision.state_dict(),  # of 16-mixed
        "data": run.marks,
    }
    return tensors, header


def bring_to(path: Path, run: Run) -> dict[str, Any] | None:
    """Bring a run to a stored state, and return its header.

    A damaged file is set aside, and nothing is returned.

    Raises
    ------
    InputError
        If the state is of other data.
    """
    found = read_tensors(path)  # None as well where another process has gone on from it
    if found is None:
        return None
    stored, header = found
    _check_data(path, header.get("data", {}), run)
    groups: dict[str, dict[str, Tensor]] = {}
    for name, value in stored.items():
        group, _, rest = name.partition("/")
        groups.setdefault(group, {})[rest] = value
    run.model.load_state_dict(groups["model"])
    state = {int(g.split()[1]): v for g, v in groups.items() if g.startswith("optimizer ")}
    run.optimizer_state = {"state": state, "param_groups": header["param_groups"]}
    if "average" in groups:
        run.average = moving_average(run.model, run.setup.ema)
        run.average.load_state_dict(groups["average"])
    if run.branch is not None:
        run.branch.load_state_dict(groups["branch"])
    run.examples, run.state = groups.get("examples", {}), groups.get("phase", {})
    run.epoch, run.history, run.seconds = header["epoch"], header["history"], header["seconds"]
    run.shared_seconds = header.get("shared_seconds", {})
    run.asked_pretrained = header.get("asked_pretrained", False)
    if header.get("loss_scale"):
        run.fabric._precision.load_state_dict(header["loss_scale"])
    torch.set_rng_state(groups["random"]["cpu"])
    if "cuda" in groups["random"] and run.fabric.device.type == "cuda":
        torch.cuda.set_rng_state(groups["random"]["cuda"], run.fabric.device)
    return header


def _check_data(path: Path, stored: dict[str, str], run: Run) -> None:
    """Raise an InputError if a state is of other data; older ones do not say."""
    for name, mark in run.marks.items():
        if stored.get(name, mark) != mark:
            what = "the network was trained on" if name == "train" else "its history measures"
            raise InputError(
                f"{name} is another data set than {what} in the states of {path.parent}: give each "
                "data set a folder of its own, or remove this one"
            )
