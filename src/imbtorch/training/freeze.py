"""Keep a part of a network as it is while the rest is trained."""

from collections.abc import Iterator
from contextlib import contextmanager

from imbtorch.errors import InputError
from imbtorch.models.classifier import Classifier
from imbtorch.training.blocks import Block, blocks_of
from imbtorch.training.setup import Setup


def frozen_part(network: Classifier, setup: Setup) -> Block:
    """Return the modules and parameters that ``setup.freeze`` names."""
    trained = setup.trained_blocks
    if trained is None:
        return Block()
    if trained == 0:
        return Block([network.features], list(network.features.parameters()))
    blocks = blocks_of(network.features)
    if trained >= len(blocks):
        raise InputError(
            f"freeze is {setup.freeze!r}; the network has {len(blocks)} blocks below its head, and "
            "N must be less: none freezes nothing, backbone all of them"
        )
    part = Block()
    for block in blocks[:-trained]:
        part.modules += block.modules
        part.parameters += block.parameters
    return part


@contextmanager
def frozen(network: Classifier, setup: Setup) -> Iterator[None]:
    """Freeze a part of the network inside the block: its parameters and its statistics.

    Frozen modules stay in evaluation mode (see `Classifier.train`); gradients flow through them.

    Examples
    --------
    >>> from imbtorch.models import mlp
    >>> network = mlp((2,), 2)
    >>> with frozen(network, Setup(freeze="backbone")):
    ...     [name for name, p in network.named_parameters() if p.requires_grad]
    ['head.weight', 'head.bias']
    """
    part, before = frozen_part(network, setup), network.frozen
    asked = [(p, p.requires_grad) for p in part.parameters]
    for p in part.parameters:
        p.requires_grad_(False)
    network.frozen = (*before, *part.modules)
    try:
        yield
    finally:
        network.frozen = before
        for p, required in asked:
            p.requires_grad_(required)


def give_frozen(network: Classifier, model: Classifier, setup: Setup) -> None:
    """Give a fresh copy of `model` what is not trained of it, which has no fresh start.

    That is what ``setup.freeze`` names, and parameters that require no gradients; with them the
    buffers of modules that hold no others.
    """
    part = frozen_part(model, setup)
    fixed = {p for p in model.parameters() if not p.requires_grad}
    modules = [m for m in model.modules() if (own := {*m.parameters()}) and own <= fixed]
    buffers = {b for module in (*part.modules, *modules) for b in module.buffers()}
    thawed = {*part.parameters}  # `fit` freezes them itself
    kept = {*thawed, *fixed, *buffers}
    named = [*model.named_parameters(), *model.named_buffers()]
    network.load_state_dict({n: value for n, value in named if value in kept}, strict=False)
    network.frozen = ()
    for name, parameter in model.named_parameters():
        network.get_parameter(name).requires_grad_(parameter.requires_grad or parameter in thawed)
