"""DeepOversample: the phase that trains embeddings toward micro-clusters (DOS)."""

from collections.abc import Sequence

from torch import Tensor, nn

from imbtorch.data.profiles.class_groups import minority_classes
from imbtorch.losses.micro_cluster import MicroClusterLoss
from imbtorch.option_types import check_whole
from imbtorch.places import EpochSampler, Loss, Slot
from imbtorch.resampling.micro_clusters import centers, draw_weights, overload, spread
from imbtorch.samplers import ClassBalancedSampler
from imbtorch.seeding import derive_seed, generator_from
from imbtorch.training.phases.network_epochs import train_network
from imbtorch.training.phases.on_embeddings import OnEmbeddings, numbered
from imbtorch.training.phases.phase import Phase, as_shares
from imbtorch.training.phases.prior import prior_taken_out, warn_of_twice
from imbtorch.training.run import Run
from imbtorch.training.scale import on_scale
from imbtorch.training.slots import build


class DeepOversample(Phase):
    """Train for one round of deep over-sampling.

    All samples are embedded, each is paired with its nearest neighbors of the same class, and
    `MicroClusterLoss` trains the network toward weighted means of them. Minority samples are
    repeated, each time with fresh weights. The targets stay fixed during the phase: for several
    rounds, use several phases after a `Train`.

    Parameters
    ----------
    epochs : int
        Epochs of the round, at least 1.
    k_minority : int, default=5
        Neighbors of a sample of a minority class (a count below the mean count, AOS's rule in
        `minority_classes`), 3 to 10.
    k_majority : int, default=0
        Neighbors of the other samples; with 0, only H trains them.
    alpha : float, default=1.0
        See `MicroClusterLoss`.
    per_dimension : bool, default=True
        See `MicroClusterLoss`.
    loss : class or nn.Module, default=nn.CrossEntropyLoss
        H, without class weights.
    sampler : class or sampler, optional
        For instance `ClassBalancedSampler`. By default an epoch visits every class as often as
        the largest class has samples (the guideline's 1 / R).

    Raises
    ------
    InputError
        If an argument is out of range.

    Warns
    -----
    UserWarning
        If the loss makes up for the class shares, as `BalancedSoftmaxLoss` does: so does the round.

    Notes
    -----
    The history has ``class_variance``, the mean squared distance between the embeddings, as they
    are at the start of the round, and their class mean; and ``target_variance``, the same for the
    micro-clusters' centers, which are the mean targets. Both are over the samples that have
    neighbors (see `spread`).

    Differs from the paper: squared distances are averaged over the embedding's dimensions. As
    sums (``per_dimension=False``) they outweigh the head's loss, and the small CNN's embeddings
    collapse on MNIST. The r weight vectors of a sample are redrawn in each epoch.

    References
    ----------
    DOS (Ando and Huang, ECML 2017), section 3.4 and Algorithm 1, one iteration of its loop.

    Examples
    --------
    >>> from imbtorch import Recipe, Train
    >>> Recipe("dos", [Train(10), *[DeepOversample(5) for _ in range(3)]]).epochs
    25
    """

    trains_network = True

    def __init__(
        self,
        epochs: int,
        *,
        k_minority: int = 5,
        k_majority: int = 0,
        alpha: float = 1.0,
        per_dimension: bool = True,
        loss: Slot[Loss] = nn.CrossEntropyLoss,
        sampler: Slot[EpochSampler] = None,
    ) -> None:
        MicroClusterLoss(alpha, per_dimension=per_dimension)  # checks them before any training
        self.epochs = check_whole("epochs", epochs, 1)
        self.k_minority = check_whole("k_minority", k_minority, 0)
        self.k_majority = check_whole("k_majority", k_majority, 0)
        self.alpha, self.per_dimension = alpha, per_dimension
        self.loss, self.sampler = loss, sampler
        warn_of_twice(loss, self.makes_up)

    def class_shares(self, counts: Sequence[int]) -> list[float]:
        """Return equal shares, or of a loss that takes the prior out, shares without it.

        Minority samples are repeated up to parity.
        """
        return as_shares([n ** -prior_taken_out(self.loss) for n in counts])

    @property
    def makes_up(self) -> str:
        """A sampler: minority samples are repeated up to parity."""
        return "a sampler"

    def run(self, run: Run) -> None:
        """Embed, pair, train."""
        with run.timed():
            known = run.known(f"phase {run.phase_first}")
            if "features" not in run.state:  # an interrupted round keeps its targets
                features, labels = run.embed(run.train)
                run.state.update(features=features, labels=labels)
            features, labels = (run.state[n].to(run.fabric.device) for n in ("features", "labels"))
            minority = minority_classes(run.counts, by="aos")
            k = [self.k_minority if few else self.k_majority for few in minority]
            members, present = overload(features, labels, k)
            measured = {
                name: spread(points, features, labels, present)
                for name, points in (
                    ("class_variance", features),
                    ("target_variance", centers(features, members, present)),
                )
                if present[:, 1:].any()
            }
            rank = run.fabric.global_rank
            rng = generator_from(derive_seed(run.seed, "weights", run.phase_first, rank))
            plain = self.loss is nn.CrossEntropyLoss and not run.setup.label_smoothing
            head = build(self.loss, known)
            scaled = on_scale(run, head)
            alone = None if plain and scaled is head else scaled
            micro = MicroClusterLoss(self.alpha, per_dimension=self.per_dimension, loss=alone)
            micro = micro.to(run.fabric.device)
            parity = {"num_samples": lambda: max(run.counts) * len(run.counts)}
            sampler = build(self.sampler or ClassBalancedSampler, {**known, **parity})

        def toward_clusters(live: Tensor, number: Tensor) -> Tensor:
            targets = features[members[number]]
            weights = draw_weights(present[number], rng)
            value: Tensor = micro(live, labels[number], run.model.head, targets, weights)
            return value

        with OnEmbeddings(run.model, toward_clusters).watching() as loss:
            train_network(
                run,
                self.epochs,
                numbered(run.train),
                sampler,
                loss,
                rng=rng,
                measured=lambda: dict(measured),
            )
