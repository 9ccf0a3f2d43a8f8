"""Time the embedding of Reuters' texts by MiniLM in batches of similar length, within one run.

``make benchmark`` runs this; it needs the real texts in ../shared/data and prints what it measures.
A ratio is the median over rounds in which all sides run one after the other, so that a busy machine
slows down all of them. What is asserted does not depend on the machine: places in the batches
per token. The network's bare passes over as many tokens are timed beside them.
"""

import time
from pathlib import Path

import numpy as np
import pytest
import torch
from pretrained_networks import minilm

from imbtorch.data.arrays import take
from imbtorch.data.batches import Batches
from imbtorch.data.load import load_data
from imbtorch.data.texts.lengths import by_length as by_order
from imbtorch.data.texts.lengths import lengths_of
from imbtorch.data.texts.tokens import PAD
from imbtorch.models import build_model, embed
from imbtorch.models.backbones import open_backbone

FOLDER = Path(__file__).resolve().parents[2] / "shared/data/reuters_r52"
TEXTS = 64
BATCH = 8


@pytest.fixture(scope="module")
def reuters():
    if not FOLDER.is_dir():
        pytest.skip(f"{FOLDER} is absent")
    spec = open_backbone(minilm()).takes
    data = load_data(str(FOLDER), takes=spec)
    rows = np.random.default_rng(0).permutation(len(data.train))[:TEXTS]
    network = build_model(minilm(), data.shape, len(data.classes)).eval()
    return take(data.train, rows), network


def filled(data, network):
    """All texts are as long as the longest of the data, with a mask."""
    inner = network.features[1].network
    made = []
    for tokens in data.x.split(BATCH):
        mask = tokens != PAD
        ids = tokens.long().masked_fill(~mask, 0)
        hidden = inner(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        made.append((hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True))
    return torch.cat(made)


def bare(data, network):
    """The network alone on as many tokens, in batches without a place of filling."""
    inner = network.features[1].network
    tokens = int(lengths_of(data).sum())
    width = round(tokens / TEXTS)
    ids = data.x[:BATCH, :1].long().expand(BATCH, width).contiguous()
    mask = torch.ones_like(ids)
    for _ in range(TEXTS // BATCH):
        inner(input_ids=ids, attention_mask=mask)


def in_order(data, network):
    """Each batch is as wide as its longest text, in the order of the data."""
    return torch.cat([network.embeddings(x) for x, _ in Batches(data, batch_size=BATCH)])


def by_length(data, network):
    """As the library embeds texts."""
    return embed(network, data, batch_size=BATCH)[0]


@torch.no_grad()
def test_reuters(benchmark, reuters):
    data, network = reuters
    expected = by_length(data, network)
    sides, taken = (filled, in_order, by_length), {}
    for _ in range(3):
        for side in (*sides, bare):
            start = time.perf_counter()
            found = side(data, network)
            taken.setdefault(side.__name__, []).append(time.perf_counter() - start)
            if side is not bare:
                torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
    ours = np.array(taken["by_length"])
    ratios = {name: float(np.median(np.array(taken[name]) / ours)) for name in taken}
    lengths = lengths_of(data)
    wide = [lengths[order].split(BATCH) for order in (torch.arange(TEXTS), by_order(lengths))]
    widths = [float(lengths.max()) * TEXTS]
    widths += [float(sum(len(part) * part.max() for part in parts)) for parts in wide]
    shares = [width / float(lengths.sum()) for width in widths]
    print(
        f"\n{TEXTS} texts of {int(lengths.min())} to {int(lengths.max())} tokens, "
        f"median {int(lengths.median())}: "
        + ", ".join(f"{n} {np.median(taken[n]):.2f} s (ratio {r:.2f})" for n, r in ratios.items())
    )
    print(
        "places in the batches per token: "
        + ", ".join(f"{side.__name__} {s:.2f}" for side, s in zip(sides, shares, strict=True))
    )
    benchmark.extra_info.update(ratios)
    benchmark.pedantic(by_length, (data, network), rounds=1)
    assert shares[-1] <= 1.2
