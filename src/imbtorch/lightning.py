"""Callbacks for a Lightning trainer; needs the extra ``lightning``."""

from imbtorch.integrations.lightning_callbacks import EOSCallback, M2mCallback

__all__ = ["EOSCallback", "M2mCallback"]
