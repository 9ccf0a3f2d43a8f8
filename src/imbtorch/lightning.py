"""Callbacks that run EOS and M2m in a Lightning trainer; they need the extra ``lightning``."""

from imbtorch.integrations.lightning_callbacks import EOSCallback, M2mCallback

__all__ = ["EOSCallback", "M2mCallback"]
