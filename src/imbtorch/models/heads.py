"""Find the head of a network: the layer that turns embeddings into logits."""

from torch import Tensor, nn

from imbtorch.errors import InputError

NAMES = ("classifier", "fc", "head", "heads", "score", "classification_head", "last_linear")
"""Names of heads in timm, torchvision and transformers."""
_PASSING = (nn.Identity, nn.Dropout, nn.Flatten)


def find_head(model: nn.Module) -> str:
    """Return the name of the layer that computes a network's logits.

    That is what timm's ``get_classifier`` returns; or a layer with one of the usual names
    (classifier, fc, head, heads, score, classification_head, last_linear), or the last layer in
    it; or the network's last layer, in a `Sequential`; or its only linear layer.

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
    usual = [name for name in children if name.partition("_dist")[0] in NAMES]
    if len(usual) == 1:
        return _last(children[usual[0]], usual[0], model)
    linear: list[str] = [name for name, module in model.named_modules() if _is_head(module)]
    if not usual and isinstance(model, nn.Sequential):
        return _last(model, "", model)
    if not usual and len(linear) == 1:
        return linear[0]
    raise _ask(model)


def _last(module: nn.Module, name: str, model: nn.Module) -> str:
    """Return the name of the last layer of a module, which must be a head."""
    while not _is_head(module):
        children = [c for c in module.named_children() if not isinstance(c[1], _PASSING)]
        if not children:
            raise _ask(model)
        name, module = f"{name}.{children[-1][0]}".removeprefix("."), children[-1][1]
    return name


def _is_head(module: nn.Module) -> bool:
    """Whether a layer has the (K, D) weight of a head, and no other layers in it."""
    weight = getattr(module, "weight", None)
    flat = isinstance(weight, Tensor) and weight.ndim == 2 and not list(module.children())
    return flat and not isinstance(module, (nn.Embedding, nn.EmbeddingBag))


def _ask(model: nn.Module) -> InputError:
    linear = [name for name, module in model.named_modules() if _is_head(module)]
    shown = ", ".join([*linear[:3], "...", *linear[-5:]] if len(linear) > 9 else linear)
    return InputError(
        f"model is a {type(model).__name__}, in which no layer is certain to be the head; name "
        f"it: {f'its linear layers are {shown}' if linear else 'it has no linear layer'}"
    )
