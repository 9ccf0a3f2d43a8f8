"""Base class of the generative over-samplers: networks learn to make samples of rare classes."""

import time
from abc import abstractmethod
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import issparse, vstack
from sklearn.utils import check_random_state
from torch import Tensor, nn

from imbtorch.data.checks import RandomState
from imbtorch.errors import InputError
from imbtorch.option_types import check_whole, is_number
from imbtorch.places import TrainedOnce
from imbtorch.resampling.base import Strategy, TopUpSampler
from imbtorch.resampling.generative.samples import Samples, nearest, warn_if_flat
from imbtorch.resampling.generative.scaling import from_middle, to_kind
from imbtorch.seeding import derive_seed, generator_from, random_state_from, scoped_seed

EXAMPLES = 8
"""Samples of each class that are kept to be looked at."""
OTHERWISE = "sampling_strategy", "random_state", "device", "verbose", "once"
"""Arguments on which the trained networks do not depend, beside the seed."""
LAST_SEED = 2**31 - 1
FLOAT32_MAX = torch.finfo(torch.float32).max


class GenerativeSampler(TopUpSampler):
    """Base class: networks are trained on all samples, then make those that classes lack.

    Subclasses implement `_networks`, `_train` and `_draw`, on samples as `Scaling` returns them and
    labels 0..K-1. Images of shape (N, C, H, W) or (N, H, W) are made by convolutions, all else as
    vectors. What it says of them stands in the attributes of `DeepSMOTE`.
    """

    takes_images = True
    steps: int
    batch_size: int
    lr: float
    latent_size: int
    width: int
    device: str | None
    verbose: bool
    once: TrainedOnce | None

    def __init__(
        self,
        *,
        sampling_strategy: Strategy = "auto",
        steps: int,
        batch_size: int,
        lr: float,
        latent_size: int,
        width: int,
        random_state: RandomState,
        device: str | None,
        verbose: bool,
        once: TrainedOnce | None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.steps, self.batch_size, self.lr = steps, batch_size, lr
        self.latent_size, self.width = latent_size, width
        self.random_state, self.device = random_state, device
        self.verbose, self.once, self.top_up = verbose, once, False

    def fit_resample(self, X: Any, y: Any, **params: Any) -> tuple[Any, Any]:
        """Return X and y with synthetic rows appended; see `TopUpSampler.fit_resample`."""
        self._check()
        self.examples_: dict[Any, NDArray[Any]] = {}
        array = isinstance(X, np.ndarray)
        self._shape = X.shape[1:] if array else ()
        new_x, new_y = super().fit_resample(X, y, **params)
        if array:
            first = len(X)
            for label, number in self.sampling_strategy_.items():
                if number:
                    self.examples_[label] = new_x[first : first + min(number, EXAMPLES)]
                first += number
        return new_x, new_y

    def _check(self) -> None:
        """Raise an InputError for an argument out of range."""
        for name, least in (("steps", 1), ("batch_size", 2), ("latent_size", 1), ("width", 1)):
            check_whole(name, getattr(self, name), least)
        if not is_number(self.lr) or not 0 < self.lr < 1:
            raise InputError(f"lr is {self.lr!r}; it must be a number in (0, 1)")
        if self.device is not None:
            try:
                torch.empty(0, device=self.device)
            except (RuntimeError, AssertionError, TypeError) as error:
                reason = str(error).split("\n")[0]
                raise InputError(
                    f"device is {self.device!r}; it cannot be used: {reason}"
                ) from error

    def _make(self, X: Any, y: NDArray[Any]) -> tuple[Any, Any]:
        dense = X.toarray() if issparse(X) else X
        names, numbers = np.unique(y, return_inverse=True)
        shape = self._sample_shape(dense)
        rows, middle = from_middle(dense, vectors=len(shape) == 1)
        if not bool(rows.isfinite().all()):
            raise InputError(f"X holds values beyond {FLOAT32_MAX:.3g}; scale its columns")
        labels = torch.from_numpy(numbers)
        places = {name: place for place, name in enumerate(names.tolist())}
        wanted = {places[name]: n for name, n in self.sampling_strategy_.items() if n}
        made_y = torch.tensor([k for k, n in wanted.items() for _ in range(n)], dtype=torch.int64)
        made, self.seconds_ = rows[:0], 0.0
        if wanted:
            device = self.device or ("cuda" if torch.cuda.is_available() else "cpu")
            samples = Samples(rows, labels, shape, torch.device(device), sorted(wanted))
            made = self._made(samples, wanted, names)
        self.nearest_indices_, self.distances_ = nearest(made, made_y, rows, labels)
        new_x = to_kind(made, middle, dense)
        new_y = np.concatenate([y, names[made_y.numpy()].astype(y.dtype)])
        if issparse(X):
            return vstack([X, type(X)(new_x)], format=X.format), new_y
        return np.concatenate([X, new_x]), new_y

    def _sample_shape(self, rows: NDArray[Any]) -> tuple[int, ...]:
        """Return the shape in which networks see samples: (C, H, W) or (D,)."""
        given: tuple[int, ...] = getattr(self, "_shape", ())
        if len(given) in (2, 3) and prod(given) == rows.shape[1]:
            return (1, *given) if len(given) == 2 else given
        return (rows.shape[1],)

    def _made(self, samples: Samples, wanted: Mapping[int, int], names: NDArray[Any]) -> Tensor:
        """Return the synthetic rows of each class, on the CPU."""
        seed = int(check_random_state(random_state_from(self.random_state)).randint(LAST_SEED))
        title = type(self).__name__

        def networks(seed: int) -> nn.Module:
            with scoped_seed(seed):
                return samples.beside(self._networks(samples))

        def train(seed: int) -> tuple[dict[str, Tensor], float]:
            start, found = time.perf_counter(), networks(seed)
            with torch.enable_grad():
                self._train(found, samples, generator_from(derive_seed(seed, "train")))
            state = {name: value.cpu().contiguous() for name, value in found.state_dict().items()}
            return state, time.perf_counter() - start

        described = {
            **{k: v for k, v in self.get_params(deep=False).items() if k not in OTHERWISE},
            **{"shape": [*samples.scaling.shape], "counts": samples.counts.tolist()},
            **{"lacking": samples.lacking, "data": samples.checksum()},
        }
        once = self.once or (lambda title, described, train: train(seed))
        state, self.seconds_ = once(title, described, train)
        trained = networks(seed)
        trained.load_state_dict(state)
        generator = generator_from(derive_seed(seed, "draw"))
        with torch.no_grad():
            made = self._draw(trained.eval(), samples, wanted, generator)
        warn_if_flat(title, made, samples, wanted, names)
        return samples.scaling.back(made.cpu())

    @abstractmethod
    def _networks(self, samples: Samples) -> nn.Module:
        """Return all networks, untrained, as one module whose state is all that is learned."""

    @abstractmethod
    def _train(self, networks: Any, samples: Samples, generator: torch.Generator) -> None:
        """Train the networks, which are on the samples' device."""

    @abstractmethod
    def _draw(
        self,
        networks: Any,
        samples: Samples,
        wanted: Mapping[int, int],
        generator: torch.Generator,
    ) -> Tensor:
        """Return samples (n, ...) of each class, in the order of `wanted`: label -> number."""
