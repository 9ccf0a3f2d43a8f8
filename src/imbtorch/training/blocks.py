"""The blocks of a network in order: what layer-wise learning rates and freezing count in."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from torch import nn

Part = nn.Module | nn.Parameter


@dataclass
class Block:
    """A stretch of a network.

    Attributes
    ----------
    modules : list of nn.Module
        Each with all that is inside it.
    parameters : list of nn.Parameter
        Those of the modules, and bare ones between them.
    """

    modules: list[nn.Module] = field(default_factory=list)
    parameters: list[nn.Parameter] = field(default_factory=list)


def blocks_of(network: nn.Module) -> list[Block]:
    """Return the blocks of a network, in the order in which its modules are registered.

    A *layer* is a module with at most one parameter of two or more dimensions: a convolution with
    its norm, a norm, dropout. A *chain* is an ``nn.Sequential`` or ``nn.ModuleList`` in which at
    least half of the items with such parameters are more than a layer; not a list of which each
    is of another class, such as attention and feed-forward in a layer of T5. Whatever holds a
    chain is opened, and what is more than a layer inside it is a block: a residual block, a layer
    of a transformer, the embeddings below. Layers and bare parameters join the block before them,
    or the first one. A network without chains is opened from the outside until it has several
    blocks; if it has nothing but layers, each weight matrix begins a block.

    Examples
    --------
    >>> from imbtorch.models import mlp, resnet32
    >>> len(blocks_of(resnet32((3, 8, 8), 10).features)), len(blocks_of(mlp((2,), 2).features))
    (15, 1)
    """
    opened = {m for m in network.modules() if any(map(_is_chain, m.modules()))}
    while True:
        parts = list(_parts(network, opened))
        large = [part for part in parts if isinstance(part, nn.Module) and _matrices(part) > 1]
        if len(large) != 1 or not list(large[0].children()):
            break
        opened.add(large[0])
    blocks, begun, seen = [Block()], False, set[nn.Parameter]()
    for part in parts:
        if _matrices(part) > (1 if large else 0):
            if begun:
                blocks.append(Block())
            begun = True
        if isinstance(part, nn.Module):
            blocks[-1].modules.append(part)
        own = part.parameters() if isinstance(part, nn.Module) else [part]
        blocks[-1].parameters += [p for p in own if p not in seen]  # shared ones: at the first
        seen.update(blocks[-1].parameters)
    return blocks if seen else []


def _parts(module: nn.Module, opened: Collection[nn.Module]) -> Iterator[Part]:
    """Yield a module, or if it is opened its bare parameters and the parts of its children."""
    if module not in opened:
        yield module
        return
    yield from module.parameters(recurse=False)
    for child in module.children():
        yield from _parts(child, opened)


def _matrices(part: Part) -> int:
    """Return the number of parameters with two or more dimensions."""
    parameters = part.parameters() if isinstance(part, nn.Module) else [part]
    return sum(p.ndim >= 2 for p in parameters)


def _is_chain(module: nn.Module) -> bool:
    if type(module) not in (nn.Sequential, nn.ModuleList):
        return False
    large = [type(item) for item in module.children() if _matrices(item) > 1]
    if type(module) is nn.ModuleList and 1 < len(large) == len({*large}):
        return False
    return 0 < sum(_matrices(item) > 0 for item in module.children()) <= 2 * len(large)
