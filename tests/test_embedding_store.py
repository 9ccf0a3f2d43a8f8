"""Embeddings on disk: each row is embedded once, and what is damaged is made again."""

import pytest
import torch

from imbtorch.comparison import embedding_store
from imbtorch.comparison.embedding_store import Pass, embed_once
from imbtorch.data.arrays import ArrayDataset

pytestmark = pytest.mark.usefixtures("own_embeddings")


def pass_of(rows=10, **identity):
    """Return a pass of a small network over a few rows, which counts its batches."""
    rng = torch.Generator().manual_seed(0)
    data = ArrayDataset(torch.randn(rows, 3, generator=rng), torch.zeros(rows, dtype=torch.int64))
    network = torch.nn.Linear(3, 4)
    torch.nn.init.constant_(network.weight, 0.5)
    seen = []
    network.register_forward_hook(lambda module, inputs, output: seen.append(len(output)))
    from lightning_fabric import Fabric

    return Pass(network, data, {"data": 1, **identity}, Fabric(accelerator="cpu", devices=1)), seen


def test_each_row_is_embedded_once_and_then_mapped_from_disk(monkeypatch):
    monkeypatch.setattr(embedding_store, "SHARD", 4)
    one, seen = pass_of()
    made = embed_once(one, progress=False)
    assert sum(seen) == 10
    with torch.no_grad():
        torch.testing.assert_close(made.x, one.network(one.dataset.x))
    seen.clear()
    again = embed_once(one, progress=False)
    assert sum(seen) == embedding_store.PROBED
    assert torch.equal(again.x, made.x)
    assert again.seconds == made.seconds > 0
    assert sorted(p.name for p in one.folder.iterdir()) == ["about.json", "embeddings.npy"]


def test_an_interrupted_pass_goes_on_at_the_next_shard(monkeypatch):
    monkeypatch.setattr(embedding_store, "SHARD", 4)
    one, seen = pass_of()

    def stop(module, inputs):
        if sum(seen) >= 8:
            raise KeyboardInterrupt

    hook = one.network.register_forward_pre_hook(stop)
    with pytest.raises(KeyboardInterrupt):
        embed_once(one, progress=False)
    hook.remove()
    assert len(list((one.folder / "shards").glob("*.npz"))) == 2
    shard = one.folder / "shards" / "00001.npz"
    shard.write_bytes(shard.read_bytes()[:-9])  # and one of them is damaged
    seen.clear()
    with pytest.warns(UserWarning, match="this part is embedded again"):
        made = embed_once(one, progress=False)
    assert seen == [4, 2]
    with torch.no_grad():
        torch.testing.assert_close(made.x, one.network(one.dataset.x))


@pytest.mark.parametrize("harm", ["flipped", "cut", "lost", "label"])
def test_damaged_embeddings_are_made_again(harm):
    one, seen = pass_of()
    made = embed_once(one, progress=False).x.clone()
    path = one.folder / ("about.json" if harm == "label" else "embeddings.npy")
    stored = bytearray(path.read_bytes())
    stored[-3] ^= 1
    path.write_bytes(stored[:-40] if harm == "cut" else stored)
    seen.clear()
    if harm == "lost":
        path.unlink()
        again = embed_once(one, progress=False)
    else:
        with pytest.warns(UserWarning, match="is damaged"):
            again = embed_once(one, progress=False)
    assert sum(seen) == 10
    assert torch.equal(again.x, made)


def test_embeddings_that_the_network_no_longer_gives_are_made_again():
    one, _ = pass_of()
    embed_once(one, progress=False)
    torch.nn.init.constant_(one.network.weight, -0.5)  # such as the code of one's own network
    with pytest.warns(UserWarning, match="the network gives other embeddings now"):
        again = embed_once(one, progress=False)
    with torch.no_grad():
        torch.testing.assert_close(again.x, one.network(one.dataset.x))
