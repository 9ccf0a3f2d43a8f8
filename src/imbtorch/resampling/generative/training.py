"""Training of the generative over-samplers: steps, their end, and the adversarial game."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from imbtorch.progress import progress_bar

LOOK_EVERY = 25
"""Steps between two looks at the losses, for each of which a GPU has to wait."""


class Diverged(RuntimeError):
    """A training whose losses are no longer finite numbers."""


def adam(networks: nn.Module, lr: float) -> torch.optim.Adam:
    """Return Adam as GANs are trained with it: its first moment is averaged over two steps."""
    return torch.optim.Adam(networks.parameters(), lr=lr, betas=(0.5, 0.999))


def minimize(loss: Tensor, optimizer: torch.optim.Optimizer) -> Tensor:
    """Take a step of an optimizer; return the loss before it, as a number."""
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    optimizer.step()
    return loss.detach()


def train_steps(
    steps: int,
    step: Callable[[], Mapping[str, Tensor]],
    *,
    title: str,
    verbose: bool = False,
) -> None:
    """Call `step`, which returns losses by name, `steps` times.

    Raises
    ------
    Diverged
        As soon as a loss that is looked at, every `LOOK_EVERY` steps and at the end, is not finite.
    """
    with progress_bar(total=steps, unit="step", desc=title, disable=not verbose) as bar:
        for number in range(1, steps + 1):
            losses = step()
            bar.update()
            if number % LOOK_EVERY == 0 or number == steps:
                values = {name: float(loss) for name, loss in losses.items()}
                bar.set_postfix({name: f"{value:.3g}" for name, value in values.items()})
                for name, value in values.items():
                    if not np.isfinite(value):
                        raise Diverged(
                            f"{title}: {name} is {value} at step {number} of {steps}; a smaller lr "
                            "may help, or samples of a smaller range"
                        )


def train_autoencoder(
    autoencoder: nn.Module,
    batches: Iterator[tuple[Tensor, Tensor]],
    steps: int,
    lr: float,
    title: str,
    verbose: bool,
) -> None:
    """Train an autoencoder on the mean squared error of its reconstructions."""
    optimizer = torch.optim.Adam(autoencoder.parameters(), lr=lr)

    def step() -> dict[str, Tensor]:
        x, _ = next(batches)
        return {"reconstruction": minimize(F.mse_loss(autoencoder(x), x), optimizer)}

    train_steps(steps, step, title=title, verbose=verbose)


def discriminator_loss(real: Tensor, made: Tensor) -> Tensor:
    r"""Return the hinge loss of a discriminator from its scores of real and made samples.

    .. math:: E[\max(0, 1 - d(x))] + E[\max(0, 1 + d(g(z)))]

    References
    ----------
    Lim and Ye, "Geometric GAN", 2017; Miyato et al., ICLR 2018.

    Examples
    --------
    >>> discriminator_loss(torch.tensor([2.0, 0.5]), torch.tensor([-3.0]))
    tensor(0.2500)
    """
    return F.relu(1 - real).mean() + F.relu(1 + made).mean()


def adversarial_step(
    discriminate: Callable[[Tensor, Tensor], Tensor],
    real: tuple[Tensor, Tensor],
    made: tuple[Tensor, Tensor],
    optimizers: tuple[torch.optim.Optimizer, torch.optim.Optimizer],
    more: Callable[[Tensor, Tensor], Tensor] | None = None,
) -> dict[str, Tensor]:
    """Train a discriminator and then a generator for one step; return their losses.

    Parameters
    ----------
    discriminate : callable
        Samples (B, ...) and labels (B,) -> scores (B,), such as a `ConditionalDiscriminator`.
    real, made : (Tensor, Tensor)
        Samples and labels; those made hang on the generator's parameters.
    optimizers : pair of Optimizer
        Of the discriminator, and of the generator.
    more : callable, optional
        A further loss of the generator, of made samples and their labels.
    """
    (x, y), (made_x, made_y), (of_discriminator, of_generator) = real, made, optimizers
    judged = discriminator_loss(discriminate(x, y), discriminate(made_x.detach(), made_y))
    losses = {"discriminator": minimize(judged, of_discriminator)}
    fooled = -discriminate(made_x, made_y).mean()
    if more is not None:
        fooled = fooled + more(made_x, made_y)
    return {**losses, "generator": minimize(fooled, of_generator)}
