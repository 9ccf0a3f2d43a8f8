"""Two processes: the same classes as one, one network, embeddings of the whole training set.

What docs/howto/distributed.md says is run as it stands there. Starting two processes takes longer
than all they do here: they are started once.
"""

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from torch import nn

from imbtorch import Setup, fit, split_head

PAGE = Path(__file__).resolve().parents[1] / "docs" / "howto" / "distributed.md"

LOOPS = textwrap.dedent("""
    import contextlib, json, os, sys, torch, torch.distributed as dist
    with contextlib.suppress(ImportError):  # where torchvision's compiled part is absent
        import imbtorch.lightning

    def every(tensor):
        parts = [torch.empty_like(tensor) for _ in range(2)]
        dist.all_gather(parts, tensor.contiguous())
        return parts

    def visits(loader):
        return [torch.bincount(y, minlength=3).tolist()
                for y in every(torch.cat([y for _, y in loader]))]

    said = {}
    for name, code in json.load(open(sys.argv[1])).items():
        names = {"__name__": "__main__"}
        try:
            exec(code, names)
        except ModuleNotFoundError as error:
            said[name] = {"missing": error.name}
            continue
        if name == "fit":
            said[name] = names["result"].history
            continue
        sampler = names["sampler"] if "sampler" in names else names["loader"].sampler
        said[name] = {"visits": visits(names["loader"]), "epoch": sampler.epoch}
        if name == "accelerate":  # what the page warns of: a sampler that takes its share itself
            twice = names["ClassBalancedSampler"](names["labels"], seed=0)
            loader = names["DataLoader"](names["data"], batch_size=11, sampler=twice)
            said["dealt out twice"] = visits(names["accelerator"].prepare(loader))
""")
FIT = textwrap.dedent("""
    from pathlib import Path
    from lightning_fabric import Fabric
    from lightning_fabric.strategies import DDPStrategy
    from torch import nn
    from imbtorch import ArrayDataset, InputError, Recipe, RefitHead, Setup, Train
    from imbtorch.resampling import EOS
    from imbtorch.samplers import ClassBalancedSampler
    from imbtorch.transforms import M2m
    from imbtorch import fit, split_head
    from imbtorch.models import build_model, embed
    from imbtorch.training import Pretrained, train_pretrained

    fabric = Fabric(accelerator="cpu", devices=2, strategy="ddp")
    fabric.launch()
    y = torch.arange(3).repeat_interleave(torch.tensor([60, 20, 7]))  # 87: an odd number
    x = torch.randn(87, 2, generator=torch.Generator().manual_seed(0)) + 2 * torch.eye(3)[y][:, :2]

    def network():
        torch.manual_seed(fabric.global_rank)  # each process with parameters of its own
        # batch normalisation: each process meets other batches, and so other statistics
        return split_head(
            nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3)), "3"
        )

    def same(tensors):
        return all(torch.equal(*every(t)) for t in tensors)

    def trained(name, phases, **options):
        recipe, epochs = (Recipe(name, phases), None) if phases else (name, 4)
        options = {"model": network(), "fabric": fabric, **options}
        result = fit(recipe, options.pop("model"), (x, y), (x, y), epochs=epochs, **options)
        history = [[row["loss"], row["balanced_accuracy"]] for row in result.history]
        alike[name] = [same(result.model.state_dict().values()), same([torch.tensor(history)])]
        return result

    alike = {}

    class Watch(torch.utils.data.Dataset):
        targets, visited, drawn = y, [], []

        def __len__(self):
            return 87

        def __getitem__(self, index):
            self.visited.append(index)
            self.drawn.append(torch.rand(()))
            return x[index], y[index]

    fit(Recipe("rs", [Train(1, sampler=ClassBalancedSampler)]), network(), Watch(), fabric=fabric)
    together = torch.cat(every(torch.tensor(Watch.visited[-44:])))
    said["rs"] = torch.bincount(y[together]).tolist()
    said["draws"] = len(torch.cat(every(torch.stack(Watch.drawn[-44:]))).unique())

    m2m = trained("m2m", None)
    alike["pretrained"] = same(m2m.pretrained.state_dict().values())
    said["selected"] = sum(m2m.history[-1]["batch"]["selected"])

    def g():
        model = build_model("mlp", (2,), 3, seed=fabric.global_rank)
        return train_pretrained(model, (x, y), 1, fabric=fabric)

    for when in ("trained", "read"):
        kept = Pretrained(g, Path(sys.argv[1]).with_name("g.safetensors"))
        alike[f"kept, {when}"] = same(kept().state_dict().values())

    eos = trained("eos", [Train(2), RefitHead(2, resample=EOS(random_state=0))])
    whole, labels = embed(eos.model, ArrayDataset(x, y))
    expected, _ = EOS(random_state=0).fit_resample(whole, labels)
    found = eos.embedded.x
    alike["embedded"] = [same([found]), torch.allclose(found, expected, atol=1e-5)]

    for recipe in ("dos", "knn", "lr", "lmle", "ros+crt", "sam", "imb-sam"):
        trained(recipe, None)

    for name in ("sam", "imb-sam"):
        torch.manual_seed(0)
        layers = nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 3)
        model = split_head(nn.Sequential(*layers), "2")
        steep, even = Setup(lr=1.0), (x[:86], y[:86])
        fit(f"{name}:rho=0.5", model, even, epochs=3, setup=steep, fabric=fabric)
        said[name] = nn.utils.parameters_to_vector(model.parameters()).tolist()

    def deep():
        torch.manual_seed(0)
        layers = [nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Linear(8, 8), nn.BatchNorm1d(8)]
        return split_head(nn.Sequential(*layers, nn.Linear(8, 3)), "4")

    tuned = Setup(batch_size=8, optimizer="adamw", freeze="but:1", ema=0.9, clip=1.0)
    kept = {name: value.clone() for name, value in deep().state_dict().items()}
    for recipe in ("frozen", "frozen+m2m"):
        phases = [Train(2), RefitHead(1)] if recipe == "frozen" else [Train(2, batch=M2m)]
        model = trained(recipe, phases, model=deep(), setup=tuned).model
        said[recipe] = [n for n, v in model.state_dict().items() if torch.equal(v, kept[n])]
    unused = deep()
    unused.features.add_module("4", nn.Identity())
    unused.features[4].more = nn.Linear(2, 2)  # never called, as the pooler of a language model
    unused_too = DDPStrategy(find_unused_parameters=True)
    finding = Fabric(accelerator="cpu", devices=2, strategy=unused_too)
    finding.launch()
    trained("unused", [Train(2)], model=unused, setup=tuned, fabric=finding)

    def refused(train, val):
        try:
            fit("erm", network(), train, val, epochs=1, setup=Setup(batch_size=8), fabric=fabric)
        except InputError as error:
            errors = [None, None]
            dist.all_gather_object(errors, str(error))
            return errors

    other = fabric.global_rank == 1
    said["unequal"] = [
        refused((x[24 * other:], y[24 * other:]), None),
        refused((x, y.flip(0) if other else y), None),
        refused((x, y), None if other else (x, y)),
        refused((x, y), (x[other:], y[other:])),
    ]
    if fabric.global_rank == 0:
        print(json.dumps({**said, "alike": alike}), flush=True)
    fabric.barrier()
    os._exit(0)  # the end of a gloo process group, which Fabric sees to at exit, may abort
""")


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What the first of two processes said that ran the page's scripts, and then FIT."""
    folder = tmp_path_factory.mktemp("distributed")
    fit, shared, *loops = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names = ("ddp", "fabric", "lightning", "accelerate")
    scripts = {name: shared + loop for name, loop in zip(names, loops, strict=True)}
    (folder / "scripts.json").write_text(json.dumps({**scripts, "fit": fit}))
    (folder / "script.py").write_text(LOOPS + FIT)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*launcher, "--nproc-per-node=2", folder / "script.py", folder / "scripts.json"],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.mark.parametrize("name", ["ddp", "fabric", "lightning", "accelerate"])
def test_the_sampler_covers_classes_as_in_one_process(name, said):
    if "missing" in said[name]:
        pytest.skip(f"{said[name]['missing']} is not installed")
    first, second = said[name]["visits"]
    assert sum(first) == sum(second) == 44  # half of 88 each
    assert sorted(a + b for a, b in zip(first, second, strict=True)) == [29, 29, 30]
    assert said[name]["epoch"] > 0  # the plan was another one after the first epoch


def test_what_accelerate_would_do_to_a_share(said):
    if "missing" in said["accelerate"]:
        pytest.skip("accelerate is not installed")
    assert sum(map(sum, said["dealt out twice"])) == 44  # half of the plan is never visited


def test_fit_is_one_training_by_two_processes(said):
    assert [row["phase"] for row in said["fit"]] == ["train"] * 5  # the page's own
    assert sorted(said["rs"]) == [29, 29, 30]
    assert said["draws"] == 88  # none twice
    assert said["selected"] > 0
    frozen = [f"features.{n}" for n in ("0.weight", "0.bias", "1.weight", "1.bias")]
    frozen += [f"features.1.{n}" for n in ("running_mean", "running_var", "num_batches_tracked")]
    assert said["frozen"] == said["frozen+m2m"] == frozen
    for name, alike in said["alike"].items():  # networks, statistics, histories, embeddings
        assert alike in (True, [True, True]), name


@pytest.mark.parametrize("name", ["sam", "imb-sam"])
def test_a_step_of_two_processes_is_that_of_one(name, said):
    y = torch.arange(3).repeat_interleave(torch.tensor([60, 20, 7]))
    x = torch.randn(87, 2, generator=torch.Generator().manual_seed(0)) + 2 * torch.eye(3)[y][:, :2]
    found = torch.tensor(said[name])

    def alone(recipe):
        torch.manual_seed(0)
        layers = nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 3)
        model = split_head(nn.Sequential(*layers), "2")
        fit(recipe, model, (x[:86], y[:86]), epochs=3, setup=Setup(lr=1.0))
        return nn.utils.parameters_to_vector(model.parameters()).detach()

    torch.testing.assert_close(found, alone(f"{name}:rho=0.5"))
    assert (found - alone("erm")).abs().max() > 1e-2


def test_processes_that_hold_different_data_are_told_so_at_once(said):
    """They waited for one another forever, or each skipped a part of its own data."""
    for wanted, errors in zip(
        (
            "train differs between the processes: 87 samples in process 0, 63 samples in process 1",
            "train differs between the processes: labels of checksum",
            "val differs between the processes: 87 samples in process 0, None in process 1",
            "val differs between the processes: 87 samples in process 0, 86 samples in process 1",
        ),
        said["unequal"],
        strict=True,
    ):
        assert errors[0].startswith(wanted)
        assert errors[0] == errors[1]
