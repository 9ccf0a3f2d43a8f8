"""An exponential moving average of a network's weights."""

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

Tensors = tuple[Tensor, ...] | list[Tensor]


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

    def follow(averages: Tensors, values: Tensors, count: Tensor | int) -> None:
        step = int(count)
        if averages[0].is_floating_point():
            rate = min(decay, (1 + step) / (10 + step))
            get_ema_multi_avg_fn(rate)(averages, values, count)  # type: ignore[no-untyped-call]
        else:
            for average, value in zip(averages, values, strict=True):
                average.copy_(value)

    return AveragedModel(network, multi_avg_fn=follow, use_buffers=True)
