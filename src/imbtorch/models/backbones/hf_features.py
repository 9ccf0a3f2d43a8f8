"""Networks of transformers without their heads: tokens or pixels -> embeddings."""

import torch
from torch import Tensor, nn

from imbtorch.data.texts.tokens import PAD
from imbtorch.errors import InputError

POOLINGS = {
    "mean": "the mean over all tokens",
    "cls": "the first token",
    "last": "the last token",
    "max": "the maximum over all tokens",
}
"""How a text's embedding comes from those of its tokens."""


class TextFeatures(nn.Module):
    """A language model whose outputs are pooled: tokens (B, L), filled with `PAD` -> (B, D).

    Parameters
    ----------
    network : nn.Module
        One of transformers that returns ``last_hidden_state``.
    pooling : {"mean", "cls", "last", "max"}
        See `POOLINGS`.
    pad : int
        The tokenizer's own number for the places behind a text's end.
    """

    def __init__(self, network: nn.Module, pooling: str, pad: int) -> None:
        super().__init__()
        self.network, self.pooling, self.pad = network, pooling, pad

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the embeddings; places where all texts of the batch have ended cost nothing."""
        mask = tokens != PAD
        mask[:, 0] = True  # an empty text is one place of padding
        if not torch.compiler.is_compiling():  # an exported graph has no size that depends on it
            longest = int(mask.sum(1).max())
            mask, tokens = mask[:, :longest], tokens[:, :longest]
        ids = tokens.long().masked_fill(tokens == PAD, self.pad)
        if not torch.compiler.is_compiling():
            self._check(ids)
        output = self.network(input_ids=ids, attention_mask=mask.long())
        return self._pool(output.last_hidden_state, mask)

    def _check(self, ids: Tensor) -> None:
        known = len(self.network.get_input_embeddings().weight)  # type: ignore[operator]
        if not 0 <= int(ids.min()) <= int(ids.max()) < known:
            raise InputError(
                f"texts hold tokens {int(ids.min())} to {int(ids.max())}; the network knows "
                f"{known}: its tokenizer is that of another network"
            )

    def _pool(self, h: Tensor, mask: Tensor) -> Tensor:
        if self.pooling == "cls":
            return h[:, 0]
        if self.pooling == "last":
            return h[torch.arange(len(h), device=h.device), mask.sum(1) - 1]
        outside = ~mask.unsqueeze(2)
        if self.pooling == "max":
            return h.masked_fill(outside, -torch.inf).amax(1)
        return h.masked_fill(outside, 0).sum(1) / mask.sum(1, keepdim=True)
