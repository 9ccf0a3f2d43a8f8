"""k-nearest-neighbors head: classify by a vote of the nearest training embeddings."""

from typing import Any

import torch
from torch import Tensor, nn

from imbtorch.resampling.search import search_blocks


class NeighborHead(nn.Module):
    r"""k-nearest-neighbors classifier as a head; logits are the logs of the vote shares.

    .. math:: z_c = \log \frac{v_c + \epsilon}{k + K \epsilon}

    where v_c of the k nearest stored embeddings (Euclidean) are of class c, so that the softmax
    of the logits gives the shares.

    Parameters
    ----------
    features : Tensor of shape (N, D)
        Training embeddings, stored as a buffer.
    labels : Tensor of shape (N,), int64
        Their classes 0..K-1.
    num_classes : int
        Number of classes K.
    n_neighbors : int, default=5
        Number of neighbors k; all N if there are fewer.

    Examples
    --------
    >>> head = NeighborHead(torch.tensor([[0.0], [1.0], [9.0]]), torch.tensor([0, 0, 1]), 2, 1)
    >>> head(torch.tensor([[0.4], [8.0]])).argmax(1)
    tensor([0, 1])
    """

    EPSILON = 1e-3
    ROWS = 1024  # whose distances are in memory at once
    features: Tensor
    labels: Tensor
    asked: Tensor

    def __init__(
        self, features: Tensor, labels: Tensor, num_classes: int, n_neighbors: int = 5
    ) -> None:
        super().__init__()
        self.out_features = num_classes
        self.register_buffer("features", features)
        self.register_buffer("labels", labels)
        self.register_buffer("asked", torch.tensor(n_neighbors))

    def forward(self, h: Tensor) -> Tensor:
        """Return logits of shape (B, K)."""
        return self.logits(h, min(int(self.asked), len(self.features)))

    def logits(self, h: Tensor, k: int) -> Tensor:
        """Return logits of shape (B, K) by the vote of k neighbors."""
        h = h.to(self.features.dtype)
        # an exported graph has no number of blocks that depends on the batch
        blocks = [h] if torch.compiler.is_compiling() else torch.split(h, self.ROWS)
        nearest = torch.cat([self._nearest(block, k) for block in blocks])
        votes = nn.functional.one_hot(nearest, self.out_features).sum(1).to(h.dtype)
        return ((votes + self.EPSILON) / (k + self.out_features * self.EPSILON)).log()

    def _nearest(self, h: Tensor, k: int) -> Tensor:
        """Return the labels of the k nearest embeddings of each row."""
        center = self.features.mean(0)  # subtracted, so that it is not rounded against
        x, h = self.features - center, h - center
        if torch.compiler.is_compiling():  # a graph has no searches in blocks
            distances = x.square().sum(1) - 2 * h @ x.T  # up to |h|²
            return self.labels[distances.topk(k, largest=False).indices]
        return self.labels[search_blocks(x, h, k)[1]]

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Load any number of stored embeddings; those that cannot be used are said to torch."""
        size = self.features.shape[1]
        for name in ("features", "labels"):
            stored = state.get(prefix + name)
            if stored is not None:
                setattr(self, name, torch.empty_like(stored, device=getattr(self, name).device))
        super()._load_from_state_dict(state, prefix, *rest)
        x, y = self.features, self.labels
        right = x.shape[1:] == (size,) and len(x) > 0 and y.shape == x.shape[:1]
        if right and not y.is_meta:
            in_range = int(y.min()) >= 0 and int(y.max()) < self.out_features
            right = in_range and int(self.asked) >= 1 and x.dtype in (torch.float32, torch.float64)
        if not right:
            rest[-1].append(
                f"{prefix}features has shape {tuple(x.shape)} and {prefix}labels has shape "
                f"{tuple(y.shape)}; (N, {size}) and (N,), with labels below {self.out_features}, "
                "are needed"
            )
