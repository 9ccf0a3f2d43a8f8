"""An exponential moving average of a network's weights."""

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


def moving_average(network: nn.Module, decay: float) -> AveragedModel:
    """Return a copy of a network that follows it: a call of ``update_parameters`` per step.

    After step t (the first is 0) the average becomes d * average + (1 - d) * weights with
    d = min(decay, (1 + t) / (10 + t)), and before that the weights after step 0. The statistics
    of norms are averaged alike; counters and other integers are copied.

    Notes
    -----
    Differs from a plain moving average by the warm start, TensorFlow's ``num_updates``: with a
    decay of 0.999 the weights of the first steps would otherwise dominate a run of a few hundred.

    Examples
    --------
    >>> network = nn.Linear(1, 1, bias=False)
    >>> average = moving_average(network, 0.999)
    >>> for value in (1.0, 2.0):
    ...     _ = nn.init.constant_(network.weight, value)
    ...     average.update_parameters(network)
    >>> round(average.module.weight.item(), 4)  # 2/11 * 1 + 9/11 * 2
    1.8182
    """

    return _MovingAverage(network, decay)


class _MovingAverage(AveragedModel):
    """`AveragedModel` with a rate that depends on the step, and no look at the device.

    The step is counted on the CPU; torch's own method copies it to the device and waits for that.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        super().__init__(network, use_buffers=True)
        self.decay = decay

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        step = int(self.n_averaged)
        rate = min(self.decay, (1 + step) / (10 + step)) if step else 0.0
        follow = get_ema_multi_avg_fn(rate)  # type: ignore[no-untyped-call]
        averages, values = (
            [*network.parameters(), *network.buffers()] for network in (self.module, model)
        )
        pairs = [*zip(averages, values, strict=True)]
        floats = [pair for pair in pairs if step and pair[0].is_floating_point()]
        if floats:
            follow(*map(list, zip(*floats, strict=True)), step)
        for average, value in pairs:
            if not step or not average.is_floating_point():
                average.copy_(value)
        self.n_averaged += 1
