"""The head of any network: find it, split it from the features, join it to them again."""

import copy
from collections.abc import Sequence

from torch import Tensor, nn

from imbtorch.errors import InputError
from imbtorch.models.binary import single_logit_head, two_logit_head
from imbtorch.models.classifier import Classifier, head_size

NAMES = ("classifier", "fc", "head", "heads", "score", "classification_head", "last_linear")
"""Names of heads in timm, torchvision and transformers."""
_PASSING = (nn.Identity, nn.Dropout, nn.Flatten)


def find_head(model: nn.Module) -> str:
    """Return the name of the layer that computes a network's logits.

    That is what timm's ``get_classifier`` returns; or a layer with one of the usual names
    (classifier, fc, head, heads, score, classification_head, last_linear), or the last layer in
    it; or the network's last layer, in a `Sequential`; or its only linear layer; or the only one
    with as many outputs as ``config.num_labels`` of transformers says.

    Parameters
    ----------
    model : nn.Module
        Any network.

    Returns
    -------
    str
        A name for `split_head`.

    Raises
    ------
    InputError
        If there is no such layer, or more than one; the message lists the linear layers.

    Examples
    --------
    >>> find_head(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)))
    '2'
    """
    names: dict[int, str] = {id(module): name for name, module in model.named_modules()}
    get_classifier = getattr(model, "get_classifier", None)
    if callable(get_classifier):
        if isinstance(found := get_classifier(), nn.Module) and id(found) in names:
            return _last(found, names[id(found)], model)
        raise _ask(model)
    children = dict(model.named_children())
    usual = [
        name
        for name, child in children.items()
        if name.partition("_dist")[0] in NAMES and any(map(_is_head, child.modules()))
    ]
    if len(usual) == 1:
        return _last(children[usual[0]], usual[0], model)
    linear: list[str] = [name for name, module in model.named_modules() if _is_head(module)]
    if not usual and isinstance(model, nn.Sequential):
        return _last(model, "", model)
    if not usual and len(linear) == 1:
        return linear[0]
    labels = getattr(getattr(model, "config", None), "num_labels", None)
    fitting = [name for name in linear if head_size(model.get_submodule(name))[1] == labels]
    if len(fitting) == 1:
        return fitting[0]
    raise _ask(model)


def split_head(model: nn.Module, name: str | None = None) -> Classifier:
    """Split any network into features and head at its last layer.

    Parameters
    ----------
    model : nn.Module
        Network whose layer `name` takes embeddings of shape (B, D) and computes the logits that
        `model` returns. It is not changed; the result holds a copy. A single logit, whose
        sigmoid is the probability of class 1, becomes the two logits of `two_logit_head`. A
        head that shares its weight with another layer gets a weight of its own.
    name : str, optional
        Name of the head layer, for example ``"fc"`` or ``"classifier.2"``; by default that which
        `find_head` finds.

    Returns
    -------
    Classifier

    Raises
    ------
    InputError
        If `model` has no such layer, or it is not certain which it is; the message lists the
        candidates.

    Examples
    --------
    >>> import torch
    >>> network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    >>> classifier = split_head(network)
    >>> x = torch.randn(5, 4)
    >>> classifier.features(x).shape, bool((classifier(x) == network(x)).all())
    (torch.Size([5, 8]), True)
    """
    modules = dict(model.named_modules())
    if name is None:
        name = find_head(model)
    if name not in modules or not name:
        linear = [n for n, m in modules.items() if isinstance(m, nn.Linear)]
        raise InputError(f"head is {name!r}; the model's linear layers are {_quoted(linear)}")
    features = copy.deepcopy(model)
    head = copy.deepcopy(features.get_submodule(name))  # its weight may be shared
    features.set_submodule(name, nn.Identity())
    if isinstance(head, nn.Linear) and head.out_features == 1:
        classifier = Classifier(features, two_logit_head(head))
        classifier.single_logit = True
        return classifier
    return Classifier(features, head)


def join_head(classifier: Classifier, name: str) -> nn.Module:
    """Reassemble a network split by `split_head`.

    Parameters
    ----------
    classifier : Classifier
        The result of `split_head`, possibly trained or with its head replaced.
    name : str
        The name passed to `split_head`.

    Returns
    -------
    nn.Module
        A copy in the form of the original network, with a single logit if that had one.

    Examples
    --------
    >>> network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    >>> type(join_head(split_head(network, "2"), "2")[2]).__name__
    'Linear'
    """
    model = copy.deepcopy(classifier.features)
    if type(dict(model.named_modules()).get(name)) is not nn.Identity:
        raise InputError(f"head is {name!r}; split_head has taken no head from that place")
    head = classifier.head
    model.set_submodule(
        name, single_logit_head(head) if classifier.single_logit else copy.deepcopy(head)
    )
    return model


def _last(module: nn.Module, name: str, model: nn.Module) -> str:
    """Return the name of the last layer of a module, which must be a head."""
    while not _is_head(module):
        children = [c for c in module.named_children() if not isinstance(c[1], _PASSING)]
        side_by_side = isinstance(module, nn.ModuleList) or any("_dist" in c[0] for c in children)
        if not children or side_by_side:
            raise _ask(model)
        name, module = f"{name}.{children[-1][0]}".removeprefix("."), children[-1][1]
    return name


def _is_head(module: nn.Module) -> bool:
    """Whether a layer has the (K, D) weight of a head, and no other layers in it."""
    weight = getattr(module, "weight", None)
    flat = isinstance(weight, Tensor) and weight.ndim == 2 and not list(module.children())
    return flat and not isinstance(module, (nn.Embedding, nn.EmbeddingBag))


def _quoted(names: Sequence[str]) -> str:
    """Return the names of layers; of many, the first three and the last five."""
    shown = [repr(name) for name in names]
    return ", ".join([*shown[:3], "...", *shown[-5:]] if len(shown) > 9 else shown) or "none"


def _ask(model: nn.Module) -> InputError:
    linear = [name for name, module in model.named_modules() if _is_head(module)]
    shown = _quoted(linear)
    return InputError(
        f"model is a {type(model).__name__}, in which no layer is certain to be the head; name "
        f"it: {f'its linear layers are {shown}' if linear else 'it has no linear layer'}"
    )
