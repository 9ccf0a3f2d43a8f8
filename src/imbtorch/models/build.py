"""Build a network, its input normalization and its head by name."""

import copy
from collections.abc import Callable, Mapping, Sequence
from math import prod

import torch
from torch import nn
from torch.utils.data import Dataset

from imbtorch.data.arrays import ArrayDataset, Samples, as_dataset
from imbtorch.data.as_float import as_float
from imbtorch.errors import InputError, unknown_name
from imbtorch.models.backbones import build_with_backbone, is_backbone
from imbtorch.models.classifier import Classifier, CosineHead, Normalize, head_size
from imbtorch.models.densenet import densenet
from imbtorch.models.neighbor_head import NeighborHead
from imbtorch.models.resnet import resnet32, resnet32_m2m, resnet56
from imbtorch.models.small import linear, mlp, small_cnn, wide_cnn
from imbtorch.models.tree_head import TreeHead
from imbtorch.models.wide_resnet import wide_resnet
from imbtorch.option_types import is_number
from imbtorch.seeding import same_random_state, scoped_seed

MODELS: dict[str, Callable[..., Classifier]] = {
    "resnet32": resnet32,
    "resnet32-m2m": resnet32_m2m,
    "resnet56": resnet56,
    "wide-resnet": wide_resnet,
    "densenet": densenet,
    "small-cnn": small_cnn,
    "wide-cnn": wide_cnn,
    "mlp": mlp,
    "linear": linear,
}
VECTORS = ("mlp", "linear")
"""Networks that take inputs of any shape."""
ELSEWHERE = ("timm:NAME", "hf:NAME-or-folder", "torchvision:NAME", "path/to/module.py:factory")
"""How networks from elsewhere are named."""
MEASURED = 2**28
"""Values, as float32 one gigabyte, that mean and standard deviation are taken from at most."""


def suiting(shape: Sequence[int]) -> str:
    """Return the name of the built-in network that suits samples of a shape.

    Examples
    --------
    >>> suiting((4,)), suiting((3, 32, 32)), suiting((1, 28, 28))
    ('mlp', 'resnet32', 'small-cnn')
    """
    return "mlp" if len(shape) != 3 else "resnet32" if shape[0] == 3 else "small-cnn"


@same_random_state()
def build_model(
    name: str,
    input_shape: Sequence[int],
    num_classes: int,
    *,
    train: Samples | None = None,
    seed: int = 0,
    head: str = "linear",
    pretrained: bool | str = True,
    config: Mapping[str, object] | None = None,
) -> Classifier:
    """Build a network by name, with input normalization as its first layer.

    Parameters
    ----------
    name : str
        Name of the network: "resnet32", "resnet32-m2m", "resnet56", "wide-resnet", "densenet",
        "small-cnn", "wide-cnn", "mlp", "linear"; or a network from elsewhere: "timm:NAME",
        "hf:NAME-or-folder", "torchvision:NAME", "path/to/module.py:factory".
    input_shape : sequence of int
        Shape of one input: (C, H, W), (D,), or (L,) for the tokens of a text.
    num_classes : int
        Number of classes K.
    train : Dataset or pair (x, y), optional
        Data set that gives the mean and standard deviation (per channel or feature) for the
        normalization; without it, inputs pass unchanged until weights are loaded.
    seed : int, default=0
        Training seed; determines the initial parameters.
    head : {"linear", "cosine", "neighbors", "trees"}, default="linear"
        Kind of head; "neighbors" holds no embeddings, and "trees" no trees, until weights are
        loaded.
    pretrained : bool or str, default=True
        For a network from elsewhere: whether it starts from its pretrained weights, which its
        library may download, or the file that has them.
    config : mapping, optional
        For a network from elsewhere: what `spec` says of it, with which it is built without a
        download.

    Returns
    -------
    Classifier
        With `spec` set, so that a checkpoint can rebuild it.

    Raises
    ------
    InputError
        If the network is unknown or cannot take inputs of this shape.

    Examples
    --------
    >>> build_model("small-cnn", (1, 8, 8), 10).spec["name"]
    'small-cnn'
    """
    if name not in MODELS and not is_backbone(name):
        raise unknown_name("model", name, [*MODELS, *ELSEWHERE])
    if head not in ("linear", "cosine", "neighbors", "trees"):
        raise InputError(f"head is {head!r}; it must be linear, cosine, neighbors or trees")
    num_classes = getattr(num_classes, "item", lambda: num_classes)()  # a Tensor's: y.max() + 1
    sizes = [*input_shape, num_classes]
    if len(sizes) < 2 or not all(is_number(n) and n >= 1 and n % 1 == 0 for n in sizes):
        raise InputError(
            f"input_shape is {tuple(input_shape)} and num_classes {num_classes}; all sizes must be "
            "whole numbers of at least 1"
        )
    shape, num_classes = tuple(map(int, input_shape)), int(num_classes)
    if name in MODELS and name not in VECTORS and (len(shape) != 3 or min(shape[1:]) < 4):
        last = len(shape) == 3 and shape[-1] in (1, 3)
        raise InputError(
            f"model is {name!r}, which needs images (C, H, W) of at least 4 x 4 pixels; these "
            f"inputs have shape {shape}: "
            + ("put the channels first, as by x.transpose(0, 3, 1, 2)" if last else "use mlp")
        )
    if is_backbone(name):
        model = build_with_backbone(name, shape, num_classes, seed, pretrained, config)
    else:
        model = MODELS[name](shape, num_classes, seed=seed)
        normalize = _normalization(shape, None if train is None else as_dataset(train))
        model.features = nn.Sequential(normalize, *model.features.children())
        model.spec = {
            "name": name,
            "input_shape": list(shape),
            "num_classes": num_classes,
            "head": "linear",
        }
    if head == "cosine":
        replace_head(model, CosineHead, seed)
    elif head == "neighbors":
        assert model.spec is not None
        empty = torch.empty(0, head_size(model.head)[0])
        model.head = NeighborHead(empty, torch.empty(0, dtype=torch.int64), num_classes)
        model.spec["head"] = head
    elif head == "trees":
        assert model.spec is not None
        model.head = TreeHead(head_size(model.head)[0], num_classes)
        model.spec["head"] = head
    return model


def head_kind(head: nn.Module) -> str:
    """Return the name that `build_model` uses for a kind of head."""
    kinds = {CosineHead: "cosine", NeighborHead: "neighbors", TreeHead: "trees"}
    return kinds.get(type(head), "linear")


def replace_head(model: Classifier, kind: Callable[[int, int], nn.Module], seed: int) -> None:
    """Give `model` a new head made by ``kind(D, K)``, on the device of the old head."""
    weight = model.head.weight
    assert isinstance(weight, torch.Tensor)
    num_classes, size = weight.shape
    with scoped_seed(seed):
        head = kind(size, num_classes)
        if isinstance(head, CosineHead):  # made from a seed of its own
            head.reset_parameters()
            if model.unit_cosine:
                head.to_unit_length()
    model.head = head.to(weight.device)
    if model.spec is not None:
        model.spec["head"] = head_kind(model.head)


def fresh_copy(model: Classifier, seed: int) -> Classifier:
    """Return a copy of a network with newly drawn parameters.

    What a network of your own holds outside of modules that can be reset is copied as it is, and so
    are the buffers of a built-in one. A pretrained network from elsewhere starts from its
    pretrained weights again, with a new head.
    """
    if model.spec is not None and is_backbone(model.spec["name"]):
        return _fresh_backbone(model, seed)
    copied = copy.deepcopy(model)
    with scoped_seed(seed):
        if model.spec is not None:
            fresh = build_model(**model.spec, seed=seed)
            copied.load_state_dict(dict(fresh.named_parameters()), strict=False)
        else:
            for module in copied.modules():
                for name in ("reset_parameters", "_reset_parameters"):  # that of attention
                    reset = getattr(module, name, None)
                    if callable(reset):
                        reset()
    return copied


def _fresh_backbone(model: Classifier, seed: int) -> Classifier:
    """Return a network from elsewhere as it was before training, on the device of `model`."""
    spec, pretrained = model.spec, model.pretrained
    assert spec is not None
    if pretrained is None:
        raise InputError(
            f"model is {spec['name']!r} from a checkpoint, which does not hold the weights that it "
            "started from: make it with build_model"
        )
    fresh = build_model(**spec, seed=seed, pretrained=pretrained)
    for name, module in model.features.named_children():
        if isinstance(module, Normalize):
            fresh.features.get_submodule(name).load_state_dict(module.state_dict())
    return fresh.to(next(model.parameters()).device)


def _normalization(shape: Sequence[int], train: Dataset[object] | None) -> Normalize:
    size = shape[0]
    if train is None:
        return Normalize(torch.zeros(size), torch.ones(size))
    if isinstance(train, ArrayDataset):
        x = train.x[:: max(-(-len(train.x) // 50_000), 1)]
        x = as_float(x[:: max(-(-x.numel() // MEASURED), 1)]).cpu().float()
    else:
        most = max(min(2_000, MEASURED // prod(shape)), 2)
        rows = range(0, len(train), max(-(-len(train) // most), 1))  # type: ignore[arg-type]
        x = torch.stack([as_float(train[i][0]).float() for i in rows])  # type: ignore[index]
    dims = (0, *range(2, x.ndim))
    std = x.std(dims) if x.numel() > size else torch.ones(size)  # a single value has no std
    constant = std <= 10 * torch.finfo(x.dtype).eps * x.abs().amax(dims)
    return Normalize(x.mean(dims), std.masked_fill(constant, 1.0))
