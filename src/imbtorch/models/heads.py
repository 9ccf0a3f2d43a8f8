"""The head of any network: find it, split it from the features, join it to them again."""

import copy
import inspect
from collections.abc import Sequence

from torch import Tensor, fx, nn

from imbtorch.errors import InputError
from imbtorch.models.binary import single_logit_head, two_logit_head
from imbtorch.models.classifier import Classifier, head_size
from imbtorch.seeding import same_random_state

NAMES = ("classifier", "fc", "head", "heads", "score", "classification_head", "last_linear")
"""Names of heads in timm, torchvision and transformers."""
_PASSING = (nn.Identity, nn.Dropout, nn.Flatten)
_SAME_NUMBERS = ("squeeze", "float", "contiguous", "logits_of")


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
        `model` returns, alone or with others; nothing may follow it, such as a softmax, which is
        checked if ``forward`` can be traced. It is not changed; the result holds a copy. A single
        logit, whose sigmoid is the probability of class 1, becomes the two logits of
        `two_logit_head`. A head that shares its weight with another layer gets one of its own.
    name : str, optional
        Name of the head layer, for example ``"fc"`` or ``"classifier.2"``; by default that which
        `find_head` finds.

    Returns
    -------
    Classifier

    Raises
    ------
    InputError
        If `model` has no such layer, or it is not certain which it is (the message lists the
        candidates), or if `model` computes something of the logits.

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
    if not name and isinstance(model, nn.Linear):
        raise InputError(
            "the model is one linear layer, which has nothing before its head: wrap it, as by "
            "nn.Sequential(nn.Flatten(), model)"
        )
    if name not in modules or not name:
        linear = [n for n, m in modules.items() if isinstance(m, nn.Linear)]
        raise InputError(f"head is {name!r}; the model's linear layers are {_quoted(linear)}")
    _check_last(model, name)
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


class _ToHead(fx.Tracer):
    """Traces only into the modules that contain the head."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.head = head

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return m is self.head or all(part is not self.head for part in m.modules())


@same_random_state()
def _check_last(model: nn.Module, name: str) -> None:
    """Raise an InputError if what the head returns is not what the model returns."""
    tensors = {id(t): t for t in (*model.parameters(), *model.buffers())}
    traced = copy.deepcopy(model, tensors)  # tracing leaves its mark on what ``forward`` stores
    defaults = {
        key: argument.default
        for key, argument in inspect.signature(model.forward).parameters.items()
        if argument.default is not argument.empty
    }
    try:
        graph = _ToHead(traced.get_submodule(name)).trace(traced, defaults)
    except Exception:  # tracing runs the network's own code, which may raise anything
        return
    modules = dict(traced.named_modules())
    heads = [node for node in graph.nodes if node.op == "call_module" and node.target == name]
    (output,) = (node for node in graph.nodes if node.op == "output")
    returned = [output]
    for node in returned:  # which grows
        if node is output or _is_passing(node, modules):
            returned += node.all_input_nodes
    users = [user for node in heads for user in node.users]
    if users and not set(heads) & set(returned):
        what = getattr(users[-1].target, "__name__", users[-1].target)
        raise InputError(
            f"model is a {type(model).__name__}, whose forward computes {what} of what its head "
            f"{name!r} returns; let it return the logits themselves, which the losses take"
        )


def _is_passing(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    """Whether a node returns the numbers that it is given."""
    if node.op == "call_module":
        return isinstance(modules[str(node.target)], _PASSING)
    if isinstance(node.target, type):  # a dataclass or named tuple of what it is given
        return True
    return getattr(node.target, "__name__", node.target) in _SAME_NUMBERS


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
