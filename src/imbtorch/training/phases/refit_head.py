"""RefitHead: the phase that retrains the head on embeddings."""

import copy
from collections.abc import Sequence

from torch import nn

from imbtorch.data.arrays import ArrayDataset
from imbtorch.errors import InputError
from imbtorch.models.classifier import head_size
from imbtorch.option_types import check_whole
from imbtorch.places import EpochSampler, OverSampler, Slot
from imbtorch.resampling.apply import resample_dataset
from imbtorch.seeding import derive_seed, same_random_state, scoped_seed
from imbtorch.training.head import check_not_averaged, head_epochs
from imbtorch.training.phases.phase import Phase, as_shares, of_samples, shown_counts
from imbtorch.training.run import Run
from imbtorch.training.setup import HEAD_SETUP, Setup
from imbtorch.training.slots import build


class RefitHead(Phase):
    """Train a linear head on the training set's embeddings; the features stay fixed.

    With ``resample=EOS`` this is EOS's second and third phase; with
    ``sampler=ClassBalancedSampler`` it is classifier re-training (cRT).

    Parameters
    ----------
    epochs : int, default=10
        Epochs over the (resampled) embeddings.
    resample : class or object with ``fit_resample``, optional
        Applied to the embeddings first, for instance `EOS`.
    sampler : class or sampler, optional
        For instance `ClassBalancedSampler`; by default every embedding once per epoch, shuffled.
    start : {"fresh", "trained"}, default="fresh"
        Which parameters the head starts from. "trained" needs a linear head.
    setup : Setup, optional
        By default SGD with learning rate 0.1, 5 epochs of linear warm-up, momentum 0.9, weight
        decay 2e-4.

    References
    ----------
    EOS (Dablain et al.), section III-C: phases two and three of the framework. cRT: Kang et al.,
    "Decoupling representation and classifier for long-tailed recognition", ICLR 2020, which
    also trains it for 10 epochs, but on augmented images; here on embeddings, not augmented.

    Examples
    --------
    >>> from functools import partial
    >>> from imbtorch.resampling import EOS
    >>> RefitHead(resample=partial(EOS, n_neighbors=50)).describe()["resample"]["n_neighbors"]
    50
    """

    def __init__(
        self,
        epochs: int = 10,
        *,
        resample: Slot[OverSampler] = None,
        sampler: Slot[EpochSampler] = None,
        start: str = "fresh",
        setup: Setup = HEAD_SETUP,
    ) -> None:
        if start not in ("fresh", "trained"):
            raise InputError(f"start is {start!r}; it must be 'fresh' or 'trained'")
        check_not_averaged(setup)
        self.epochs = check_whole("epochs", epochs, 1)
        self.resample, self.sampler = resample, sampler
        self.start, self.setup = start, setup

    @property
    def needs_linear_head(self) -> bool:  # type: ignore[override]
        """Whether it starts from the trained one."""
        return self.start == "trained"

    def class_shares(self, counts: Sequence[int]) -> list[float]:
        """Return equal shares if embeddings are drawn by class, else those after over-sampling."""
        return as_shares(shown_counts(counts, self.sampler, self.resample))

    @property
    def makes_up(self) -> str:
        """Over-sampling, or a sampler."""
        if self.resample is not None:
            return "over-sampling"
        return "" if self.sampler is None else "a sampler"

    def run(self, run: Run) -> None:
        """Embed, resample, train the head, attach it to the network."""
        with run.timed():
            data = ArrayDataset(*run.embed(run.train))
            known = run.known("refit")
            if self.resample is not None:
                data = resample_dataset(build(self.resample, known), data)
            run.embedded = data
            alone = {"num_replicas": lambda: 1, "rank": lambda: 0}
            sampler = build(self.sampler, {**of_samples(known, data), **alone})
            head = self._head(run)
            run.change_head(head)
        epochs = head_epochs(
            head,
            data,
            self.epochs,
            setup=self.setup,
            seed=run.seed,
            fabric=run.fabric,
            sampler=sampler,
            trained=self.start == "trained",
        )
        with same_random_state():  # measuring does not change training
            val = None if run.val is None else ArrayDataset(*run.embed(run.val))
        for epoch in range(self.epochs):
            with run.timed():
                loss, lr = next(epochs)
            run.record("head", loss, lr, last=epoch + 1 == self.epochs, measured=(head, val))

    def _head(self, run: Run) -> nn.Module:
        old = run.model.head
        if self.start == "trained":
            if not isinstance(old, nn.Linear):
                raise InputError(
                    f"start is 'trained'; the head is a {type(old).__name__}, and only a linear "
                    "one can be trained further: use start='fresh'"
                )
            return copy.deepcopy(old)
        with scoped_seed(derive_seed(run.seed, "head")):
            return nn.Linear(*head_size(old)).to(run.fabric.device)
