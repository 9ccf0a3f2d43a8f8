"""Phases that train only the embedding, for nearest neighbors to classify: triplets and LMLE."""

from collections.abc import Sequence

import torch
from sklearn.cluster import KMeans
from torch import Tensor

from imbtorch.errors import InputError
from imbtorch.extras import extra
from imbtorch.losses.quintuplet import QuintupletLoss
from imbtorch.losses.weights import inverse_frequency_weights
from imbtorch.option_types import check_whole
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.seeding import derive_seed
from imbtorch.training.phases.network_epochs import train_network
from imbtorch.training.phases.on_embeddings import OnEmbeddings, numbered
from imbtorch.training.phases.phase import Phase
from imbtorch.training.run import Run
from imbtorch.training.slots import build


class TripletEmbedding(Phase):
    """Train embeddings on triplets, with re-sampling and cost-sensitive learning (TL-RS-CSL).

    Batches are class-balanced; a batch's semi-hard triplets are weighted by the inverse frequency
    of the anchor's class (mean 1 over the classes). The head is not trained: add a `NearestHead`
    after this phase. Miner and loss come from pytorch-metric-learning.

    Parameters
    ----------
    epochs : int
        Epochs, at least 1.
    margin : float, default=0.2
        Margin between distances of unit-length embeddings, above 0.

    Raises
    ------
    InputError
        If an argument is out of range, or pytorch-metric-learning (extra ``metric``) is missing.

    References
    ----------
    Comparator TL-RS-CSL in Table 5 of DOS (Ando and Huang, ECML 2017), which takes it from
    Huang et al. (CVPR 2016); neither gives details.

    Examples
    --------
    >>> TripletEmbedding(5).describe()
    {'phase': 'TripletEmbedding', 'epochs': 5, 'margin': 0.2}
    """

    trains_network = True

    def __init__(self, epochs: int, *, margin: float = 0.2) -> None:
        if not margin > 0:
            raise InputError(f"margin is {margin}; it must be above 0")
        self.epochs, self.margin = check_whole("epochs", epochs, 1), margin

    def run(self, run: Run) -> None:
        """Train for `epochs` epochs."""
        with extra("metric", "TripletEmbedding"):
            from pytorch_metric_learning.losses import TripletMarginLoss
            from pytorch_metric_learning.miners import TripletMarginMiner
            from pytorch_metric_learning.reducers import ClassWeightedReducer
        device = run.fabric.device
        costs = inverse_frequency_weights(run.counts).to(device)
        miner = TripletMarginMiner(self.margin, type_of_triplets="semihard")
        loss = TripletMarginLoss(self.margin, reducer=ClassWeightedReducer(costs))
        labels = torch.as_tensor(run.labels).to(device)

        def triplets(features: Tensor, number: Tensor) -> Tensor:
            y = labels[number]
            value: Tensor = loss(features, y, miner(features, y))
            return value

        sampler = build(ClassBalancedSampler, run.known(f"phase {run.phase_first}"))
        with OnEmbeddings(run.model, triplets).watching() as watched:
            train_network(run, self.epochs, numbered(run.train), sampler, watched)


class LocalEmbedding(Phase):
    """Train for one round of large-margin local embedding (LMLE).

    The embeddings of each class are clustered by k-means, batches show all clusters equally
    often, and `QuintupletLoss` trains the network. The clusters stay fixed during the phase: for
    several rounds, use several phases after a `Train`. The head is not trained: add a
    `NearestHead` after them.

    Parameters
    ----------
    epochs : int
        Epochs of the round, at least 1.
    clusters : int, default=2
        Clusters per class, at least 1; a class with fewer samples has one cluster per sample.
    margins : sequence of float, default=(0.1, 0.1, 0.2)
        See `QuintupletLoss`.

    Raises
    ------
    InputError
        If an argument is out of range.

    References
    ----------
    LMLE (Huang et al., CVPR 2016), a comparator in Table 5 of DOS (Ando and Huang, ECML 2017).
    Differs from the paper: quintuplets are formed within a batch, and the nearest neighbors that
    classify are not searched cluster by cluster.

    Examples
    --------
    >>> LocalEmbedding(5).describe()["clusters"]
    2
    """

    trains_network = True

    def __init__(
        self, epochs: int, *, clusters: int = 2, margins: Sequence[float] = (0.1, 0.1, 0.2)
    ) -> None:
        QuintupletLoss(margins)  # checks them before any training
        self.epochs = check_whole("epochs", epochs, 1)
        self.clusters, self.margins = check_whole("clusters", clusters, 1), margins

    def run(self, run: Run) -> None:
        """Embed, cluster, train."""
        device = run.fabric.device
        labels = torch.as_tensor(run.labels)
        with run.timed():
            known = run.known(f"phase {run.phase_first}")
            if "clusters" not in run.state:  # an interrupted round keeps its clusters
                features = torch.nn.functional.normalize(run.embed(run.train)[0]).cpu()
                run.state["clusters"] = self._cluster(features, labels, known["seed"]())
            clusters = run.state["clusters"]
            loss = QuintupletLoss(self.margins)
            y, c = labels.to(device), clusters.to(device)
            sampler = build(ClassBalancedSampler, {**known, "labels": lambda: clusters.numpy()})

        def quintuplets(features: Tensor, number: Tensor) -> Tensor:
            value: Tensor = loss(features, y[number], c[number])
            return value

        with OnEmbeddings(run.model, quintuplets).watching() as watched:
            train_network(run, self.epochs, numbered(run.train), sampler, watched)

    def _cluster(self, features: Tensor, labels: Tensor, seed: int) -> Tensor:
        """Return the cluster number of each sample; no two classes share a number."""
        clusters = torch.zeros(len(labels), dtype=torch.int64)
        for label in range(int(labels.max()) + 1):
            rows = (labels == label).nonzero().flatten()
            state = derive_seed(seed, label)
            means = KMeans(min(self.clusters, len(rows)), n_init=1, random_state=state)
            found = means.fit_predict(features[rows].numpy())
            clusters[rows] = label * self.clusters + torch.as_tensor(found, dtype=torch.int64)
        return clusters
