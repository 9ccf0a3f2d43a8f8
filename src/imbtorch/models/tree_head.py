"""A head of decision trees: a gradient-boosted ensemble as tensors, without scikit-learn."""

from typing import Any

import torch
from torch import Tensor, nn

from imbtorch.errors import InputError

BLOCK = 2**21
"""Pairs of a sample and a tree that are in memory at once."""
DEEPEST = 64
"""Steps from a root to a leaf at most; with scikit-learn's 31 leaves, there are 30."""

KINDS = {
    "baseline": torch.float32,
    "roots": torch.int64,
    "feature": torch.int64,
    "left": torch.int64,
    "right": torch.int64,
    "threshold": torch.float32,
    "value": torch.float32,
}
"""The tensors that hold the trees."""


class TreeHead(nn.Module):
    r"""Boosted decision trees as a head; logits are sums of the leaves that a sample reaches.

    .. math:: z_k = b_k + \sum_i v_{ik}(h)

    where v is the value of the leaf of tree (i, k) that h falls into: at each node, a sample goes
    left if its feature is at most the threshold. With a single column for two classes, r, the
    logits are (-r/2, r/2).

    Parameters
    ----------
    in_features, out_features : int
        Number of features D and of classes K.
    **tensors : Tensor
        All that follow, or none, until weights are loaded. ``baseline`` (C,), float32: b; C is K,
        or 1 for two classes. ``roots`` (T,), int64: the node at which each tree begins; tree t
        adds to the column t mod C. Of each of M nodes, int64: the ``feature`` that it asks for,
        and to which nodes it leads, ``left`` and ``right``; a leaf leads to itself, any other to
        later ones. Float32: its ``threshold``, and the ``value`` of a leaf.

    Examples
    --------
    >>> whole, real = torch.tensor, torch.tensor
    >>> head = TreeHead(
    ...     1,
    ...     2,
    ...     baseline=real([0.0]),
    ...     roots=whole([0]),
    ...     feature=whole([0, 0, 0]),
    ...     left=whole([1, 1, 2]),
    ...     right=whole([2, 1, 2]),
    ...     threshold=real([0.5, 0.0, 0.0]),
    ...     value=real([0.0, -4.0, 4.0]),
    ... )
    >>> head(torch.tensor([[0.5], [0.6]]))
    tensor([[ 2., -2.],
            [-2.,  2.]])
    """

    baseline: Tensor
    roots: Tensor
    feature: Tensor
    left: Tensor
    right: Tensor
    threshold: Tensor
    value: Tensor

    def __init__(self, in_features: int, out_features: int, **tensors: Tensor) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        for name, dtype in KINDS.items():
            self.register_buffer(name, tensors.get(name, torch.empty(0, dtype=dtype)))
        self.depth = 0
        if tensors:
            if wrong := self._wrong():
                raise InputError(wrong)
            self.depth = self._measured_depth()

    def forward(self, h: Tensor) -> Tensor:
        """Return logits of shape (B, K)."""
        rows = max(BLOCK // max(len(self.roots), 1), 1)
        # an exporter takes the rows in one block, so that it may be of any length
        blocks = (h,) if torch.compiler.is_compiling() else torch.split(h.float(), rows)
        raw = torch.cat([self._raw(block) for block in blocks])
        return torch.cat([-raw / 2, raw / 2], 1) if len(self.baseline) == 1 else raw

    def _raw(self, h: Tensor) -> Tensor:
        at = self.roots.expand(len(h), -1)
        for _ in range(self.depth):
            goes_left = h.gather(1, self.feature[at]) <= self.threshold[at]
            at = torch.where(goes_left, self.left[at], self.right[at])
        return self.baseline + self.value[at].view(len(h), -1, len(self.baseline)).sum(1)

    def _measured_depth(self) -> int:
        """Return the number of steps from a root to the furthest leaf."""
        depth, at = 0, self.roots
        while True:
            at = torch.unique(torch.cat([self.left[at], self.right[at]]))
            at = at[self.left[at] != at]
            depth += 1
            if not len(at) or depth > DEEPEST:
                return depth

    def _wrong(self) -> str:
        """Return what is wrong with the trees, in words; nothing if they can be used."""
        nodes = torch.arange(len(self.feature), device=self.feature.device)
        both = torch.stack([self.left, self.right]) if self.left.shape == self.right.shape else None
        sizes = {getattr(self, n).shape for n in ("feature", "left", "right", "threshold", "value")}
        columns = len(self.baseline) if self.baseline.ndim == 1 else 0
        if columns not in ({1, 2} if self.out_features == 2 else {self.out_features}):
            return f"baseline has {columns} columns; the head has {self.out_features} classes"
        if sizes != {nodes.shape} or both is None or not len(nodes):
            return "the trees' tensors are not of one length"
        if self.roots.ndim != 1 or not len(self.roots) or len(self.roots) % columns:
            return f"{len(self.roots)} trees cannot be shared out among {columns} columns"
        leaves = (both == nodes).all(0)
        right = (leaves | (both > nodes).all(0)) & (both < len(nodes)).all(0)
        right &= (self.feature >= 0) & (self.feature < self.in_features)
        if not bool(right.all()) or not bool(((self.roots >= 0) & (self.roots < len(nodes))).all()):
            return (
                "a node leads to an earlier one, to none, or asks for a feature that is not there"
            )
        return f"a tree is deeper than {DEEPEST}" if self._measured_depth() > DEEPEST else ""

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Load any number of trees; those that cannot be used are said to torch."""
        for name in KINDS:
            stored = state.get(prefix + name)
            if stored is not None:
                setattr(self, name, torch.empty_like(stored, device=getattr(self, name).device))
        super()._load_from_state_dict(state, prefix, *rest)
        if any(getattr(self, name).is_meta for name in KINDS):
            return
        kinds = {name for name, kind in KINDS.items() if getattr(self, name).dtype != kind}
        if wrong := f"{', '.join(kinds)} of another type" if kinds else self._wrong():
            rest[-1].append(f"{prefix}: {wrong}")
        else:
            self.depth = self._measured_depth()
