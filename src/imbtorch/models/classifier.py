"""`Classifier`, a network made of features and a head, and the layers that it is made of."""

from collections.abc import Sequence
from typing import Any, NotRequired, Self, TypedDict

import torch
from torch import Tensor, fx, nn

from imbtorch.data.checks import embeddings_of, logits_of
from imbtorch.errors import InputError
from imbtorch.seeding import scoped_seed

fx.wrap("logits_of")  # when a network is traced, these look at its output only as it runs
fx.wrap("embeddings_of")


class Spec(TypedDict):
    """The arguments with which `build_model` rebuilds a network."""

    name: str
    input_shape: Sequence[int]
    num_classes: int
    head: str
    config: NotRequired[dict[str, Any]]


class Classifier(nn.Module):
    """A network in two parts: `features` computes embeddings, `head` turns them into logits.

    Parameters
    ----------
    features : nn.Module
        (B, ...) -> embeddings of shape (B, D), or a dict, dataclass or tuple that holds them,
        as the networks of transformers return.
    head : nn.Module
        (B, D) -> logits of shape (B, K); its last parameter tensor named ``weight`` has
        shape (K, D).
    spec : dict, optional
        The arguments with which `build_model` rebuilds this network.

    Examples
    --------
    >>> model = Classifier(nn.Flatten(), nn.Linear(4, 3))
    >>> model(torch.zeros(2, 2, 2)).shape
    torch.Size([2, 3])
    """

    frozen: Sequence[nn.Module] = ()

    def __init__(self, features: nn.Module, head: nn.Module, spec: Spec | None = None) -> None:
        super().__init__()
        self.features = features
        self.head = head
        self.spec = spec
        self.unit_cosine = False  # whether a cosine head begins with class weights of length 1
        self.single_logit = False  # whether `split_head` found a head with one logit
        # of a network from elsewhere: what `build_model` was given, None for one from a checkpoint
        self.pretrained: bool | str | None = None

    def train(self, mode: bool = True) -> Self:
        """Set training or evaluation mode; the modules in `frozen` stay in evaluation mode."""
        super().train(mode)
        for module in self.frozen:
            module.eval()
        return self

    def embeddings(self, x: Tensor) -> Tensor:
        """Return embeddings of shape (B, D): what `features` returns, without what surrounds it."""
        return embeddings_of(self.features(x))

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of shape (B, K)."""
        return logits_of(self.head(self.embeddings(x)))

    def probabilities(self, logits: Tensor) -> Tensor:
        """Return the softmax of `logits`, scaled first if the head has a ``scale``.

        Cosines lie in [-1, 1], so their plain softmax is close to uniform; a `CosineHead`
        therefore carries the scale its loss was trained with.
        """
        return (logits.float() * float(getattr(self.head, "scale", 1.0))).softmax(-1)


class CosineHead(nn.Module):
    r"""A head whose logits are cosines between the embedding and each class weight.

    .. math:: z_k = \frac{w_k^\top h}{\lVert w_k \rVert \lVert h \rVert} \in [-1, 1]

    Parameters
    ----------
    in_features, out_features : int
        Embedding size D and number of classes K.
    scale : float, default=30.0
        Factor by which the loss multiplies the cosines (`LDAMLoss` has the same default); used
        here only for probabilities. `Train` sets it to the scale of its loss, and multiplies the
        cosines by it for a loss that has none, such as cross-entropy.
    seed : int, optional
        Determines the initial class weights, by default 0: equal seeds give equal weights. Torch's
        global generator is neither used nor changed.

    References
    ----------
    LDAM-DRW (Cao et al., NeurIPS 2019), whose margins need a head of unit norms.

    Examples
    --------
    >>> logits = CosineHead(8, 3)(torch.randn(4, 8) * 100)
    >>> bool((logits.abs() <= 1 + 1e-6).all())
    True
    """

    scale: Tensor

    def __init__(
        self, in_features: int, out_features: int, scale: float = 30.0, *, seed: int | None = None
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.register_buffer("scale", torch.tensor(scale))  # a buffer, so that checkpoints store it
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        with scoped_seed(seed or 0):  # not its default: stored recipes describe a head by those
            self.reset_parameters()

    def reset_parameters(self) -> None:
        """Redraw the class weights from torch's global generator, as torch's own layers do.

        Only their directions matter.
        """
        nn.init.normal_(self.weight)

    @torch.no_grad()
    def to_unit_length(self) -> None:
        """Scale each class weight to length 1, which changes no logit.

        A step of AdamW has the size of the learning rate, however long the weights are: it turns
        weights as long as `reset_parameters` draws them, about the square root of D, by next to
        nothing.
        """
        self.weight.copy_(nn.functional.normalize(self.weight))

    def forward(self, h: Tensor) -> Tensor:
        """Return cosines of shape (B, K)."""
        # float16 has no 1e-12: divided by a least length of 0, an embedding of zeros would be NaN
        rows = (
            nn.functional.normalize(a, eps=max(1e-12, torch.finfo(a.dtype).tiny))
            for a in (h, self.weight)
        )
        return nn.functional.linear(*rows)


class Normalize(nn.Module):
    """A layer that subtracts a mean and divides by a standard deviation.

    Parameters
    ----------
    mean, std : Tensor of shape (C,) or (D,)
        Per channel of an image or per feature. Gray images become color images if C is 3.
    size : tuple of int, optional
        Height and width that images are resized to first, for a network that takes no other.

    Examples
    --------
    >>> Normalize(torch.tensor([1.0]), torch.tensor([2.0]))(torch.full((1, 1, 1, 1), 5.0)).item()
    2.0
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Tensor, std: Tensor, size: tuple[int, int] | None = None) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalized batch."""
        if self.size is not None and x.shape[-2:] != self.size:
            x = nn.functional.interpolate(x, self.size, mode="bilinear", antialias=True)
        shape = (-1, *[1] * (x.ndim - 2)) if x.ndim > 2 else (-1,)
        return (x - self.mean.view(shape)) / self.std.view(shape)


def check_classifier(model: object) -> None:
    """Raise an InputError unless `model` is a Classifier."""
    if not isinstance(model, Classifier):
        raise InputError(
            f"model is a {type(model).__name__}; a Classifier is needed: "
            "split_head(model) makes one"
        )


def head_size(head: nn.Module) -> tuple[int, int]:
    """Return (D, K) of a head, read from its weight."""
    weight = getattr(head, "weight", None)
    if not isinstance(weight, Tensor) or weight.ndim != 2:
        raise InputError(f"head is a {type(head).__name__}; it must have a (K, D) weight")
    return weight.shape[1], weight.shape[0]
