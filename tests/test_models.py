"""Every image network is features + head, on any image size from 4 x 4."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from imbtorch import InputError, build_model, load_checkpoint, save_checkpoint
from imbtorch.models import predict_logits
from imbtorch.models.build import MODELS


@pytest.mark.parametrize("name", [name for name in MODELS if name != "mlp"])
@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 28, 28), (2, 4, 5)])
def test_networks_make_embeddings_and_logits_and_learn(name, shape):
    model = build_model(name, shape, 7)
    x = torch.rand(4, *shape, generator=torch.Generator().manual_seed(0))
    features = model.features(x)
    assert features.shape == (4, model.head.in_features)
    logits = model(x)
    assert logits.shape == (4, 7)
    logits.square().sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())
    assert build_model(**model.spec).load_state_dict(model.state_dict())


def test_wide_resnet_has_about_five_times_the_parameters_of_resnet56():
    sizes = {
        name: sum(p.numel() for p in build_model(name, (3, 32, 32), 10).parameters())
        for name in ("resnet56", "wide-resnet")
    }
    assert sizes["wide-resnet"] == pytest.approx(5 * sizes["resnet56"], rel=0.05)


def test_m2m_network_begins_as_its_authors_do():
    model = build_model("resnet32-m2m", (3, 32, 32), 100)
    assert sum(p.numel() for p in model.parameters()) == 464154 + 90 * 65
    stds = {p.shape[:2]: p.std().item() for p in model.features.parameters() if p.ndim == 4}
    assert stds[16, 3] == pytest.approx((2 / (9 * 16)) ** 0.5, rel=0.1)  # 9 x 3 come in
    assert stds[64, 32] == pytest.approx((2 / (9 * 64)) ** 0.5, rel=0.1)
    assert model.head.weight.std().item() == pytest.approx((2 / 64) ** 0.5, rel=0.05)
    cosine = build_model("resnet32-m2m", (3, 32, 32), 10, head="cosine").head.weight
    torch.testing.assert_close(cosine.norm(dim=1), torch.ones(10))


def test_measuring_leaves_each_module_in_its_mode():
    network = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    network.train()[1].eval()  # a frozen norm, as when fine-tuning
    data = torch.randn(6, 2), torch.tensor([0, 1] * 3)
    predict_logits(network, data)
    assert [module.training for module in network] == [True, False, True]


@pytest.mark.parametrize("order", ["as they come", "mixed"])
def test_inputs_are_normalized_by_all_rows_whatever_their_order(order):
    rng = torch.Generator().manual_seed(0)
    x = torch.cat([0.01 * torch.randn(52_000, 2, generator=rng), 5 + torch.randn(3_000, 2)])
    y = torch.tensor([0] * 52_000 + [1] * 3_000)
    if order == "mixed":
        i = torch.randperm(len(x), generator=rng)
        x, y = x[i], y[i]
    norm = build_model("mlp", (2,), 2, train=(x, y)).features[0]
    torch.testing.assert_close(norm.std, x.std(0), rtol=0.02, atol=0)


def test_columns_in_small_units_are_normalized_and_constant_ones_left():
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(100, 4, generator=rng) * torch.tensor([1, 1e-4, 1e-9, 0])
    x[:, 3] = 0.1
    norm = build_model("mlp", (4,), 2, train=(x, torch.tensor([0, 1] * 50))).features[0]
    made = norm(x)
    torch.testing.assert_close(made.std(0), torch.tensor([1.0, 1, 1, 0]))
    assert norm(x + 1)[0, 3] == 1


@pytest.mark.parametrize("dtype", [torch.int64, torch.float64, torch.float16])
def test_any_numbers_are_normalized_in_float32(dtype):
    x, y = torch.arange(40).view(20, 2).to(dtype), torch.tensor([0, 1] * 10)
    for train in (TensorDataset(x, y), (x, y)):
        norm = build_model("mlp", (2,), 2, train=train).features[0]
        assert norm.mean.dtype == norm.std.dtype == torch.float32
        torch.testing.assert_close(norm.std, x.float().std(0))


@pytest.mark.parametrize(
    ("shape", "classes"), [(np.array([4]), np.int64(3)), (torch.Size([4]), torch.tensor(3))]
)
def test_sizes_of_any_kind_can_be_saved(shape, classes, tmp_path):
    model = build_model("mlp", shape, classes)
    save_checkpoint(tmp_path / "m.safetensors", model)
    assert load_checkpoint(tmp_path / "m.safetensors")[0].spec == model.spec


@pytest.mark.parametrize(("shape", "classes"), [((), 3), ((4, 0), 3), ((4,), 0), ((4,), 2.5)])
def test_sizes_that_are_none_are_refused(shape, classes):
    with pytest.raises(InputError, match=r"input_shape is|num_classes is"):
        build_model("mlp", shape, classes)
