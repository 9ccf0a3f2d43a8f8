"""A network as it is in evaluation mode, made cheap to differentiate by its input."""

import copy
import logging
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

logger = logging.getLogger(__name__)

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_NORMALIZATIONS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class FoldedNetwork:
    """The evaluation-mode function of a network, in any precision, without parameter gradients.

    Batch normalisation in evaluation mode is a fixed scale and shift: where it directly follows
    a convolution it is folded into the convolution's weights. The network itself is not touched;
    after it was trained further, `refresh` takes its weights over.

    Parameters
    ----------
    network : nn.Module
        Any network. One whose ``forward`` cannot be traced is used without folding.
    dtype : torch.dtype, default=torch.float32
        Precision of weights and activations; logits come out in float32. See `fast_dtype`.
    compile : bool, default=False
        Compile the network, for batches of any size: about half a minute once, for a fifth less
        time a call. Where that fails (no C++ compiler) the log says so and nothing is compiled.

    Notes
    -----
    Logits of a head that has a ``scale`` (a cosine head) come out multiplied by it: they are
    what the network's softmax takes.

    Examples
    --------
    >>> network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten())
    >>> folded, x = FoldedNetwork(network), torch.rand(4, 1, 3, 3)
    >>> torch.allclose(folded(x), network.eval()(x))
    True
    """

    def __init__(
        self, network: nn.Module, dtype: torch.dtype = torch.float32, compile: bool = False
    ) -> None:
        self.network, self.dtype = network, dtype
        self.scale = float(getattr(getattr(network, "head", None), "scale", 1.0))
        self._pairs: dict[str, str] = {}
        self._module = _fold(network, self._pairs)
        self._module.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._module.requires_grad_(False).eval()
        self._compiled: Any = torch.compile(self._module) if compile else None
        self.refresh()

    @torch.no_grad()
    def refresh(self) -> None:
        """Take over the network's present weights and statistics."""
        source = dict(self.network.named_modules())
        for name, module in self._module.named_modules():
            if name in self._pairs:
                convolution, norm = source[name], source[self._pairs[name]]
                weight, bias = _folded_weights(convolution, norm)
                module.weight.copy_(weight)
                module.bias.copy_(bias)
            elif name in source:
                state = dict(module.named_parameters(recurse=False))
                state |= dict(module.named_buffers(recurse=False))
                for key, value in state.items():
                    value.copy_(getattr(source[name], key))

    def __call__(self, x: Tensor) -> Tensor:
        """Return logits of shape (B, K), float32."""
        # weights and input have their precision: an autocast around the call must not change it
        with torch.autocast(x.device.type, enabled=False):
            logits = self._run(x.to(self.dtype))
        return logits.float() * self.scale

    def _run(self, x: Tensor) -> Tensor:
        if self._compiled is not None:
            torch._dynamo.maybe_mark_dynamic(x, 0)
            try:
                out: Tensor = self._compiled(x)
                return out
            except torch.cuda.OutOfMemoryError:
                raise
            except Exception as error:  # the compiler's, of many kinds; the network's own recur
                logger.warning("not compiled, slower by about a fifth: %s", error)
                self._compiled = None
        out = self._module(x)
        return out


def fast_dtype(x: Tensor) -> torch.dtype:
    """Return bfloat16 for images where the processor multiplies it natively, else float32.

    Parameters
    ----------
    x : Tensor
        A batch, (B, C, H, W) for images, on the device in question.
    """
    if x.device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        able = torch.cpu.get_capabilities()
        native = x.device.type == "cpu" and any(map(able.get, ("amx_bf16", "avx512_bf16")))
    return torch.bfloat16 if native and x.ndim == 4 else torch.float32


class _Tracer(fx.Tracer):
    """Looks only into modules that hold a batch normalisation."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return not any(isinstance(part, _NORMALIZATIONS) for part in m.modules()) or isinstance(
            m, _NORMALIZATIONS
        )


def _fold(network: nn.Module, pairs: dict[str, str]) -> nn.Module:
    """Return a copy with convolution and normalisation in one; `pairs` names them."""
    copied = copy.deepcopy(network).eval()
    try:
        graph = _Tracer().trace(copied)
    except Exception:  # tracing runs the network's own code, which may raise anything
        return copied
    modules = dict(copied.named_modules())
    for node in list(graph.nodes):
        if node.op != "call_module" or not isinstance(modules[node.target], _NORMALIZATIONS):
            continue
        before = node.args[0]
        convolution = modules.get(before.target) if before.op == "call_module" else None
        if isinstance(convolution, _CONVOLUTIONS) and len(before.users) == 1:
            if convolution.bias is None:
                convolution.bias = nn.Parameter(
                    convolution.weight.new_zeros(convolution.out_channels)
                )
            pairs[before.target] = node.target
            node.replace_all_uses_with(before)
            graph.erase_node(node)
    graph.lint()
    return fx.GraphModule(copied, graph)


def _folded_weights(convolution: Any, norm: Any) -> tuple[Tensor, Tensor]:
    weight, bias = fuse_conv_bn_weights(
        convolution.weight,
        convolution.bias,
        norm.running_mean,
        norm.running_var,
        norm.eps,
        norm.weight,
        norm.bias,
    )
    return weight, bias
