"""Transforms: batch -> batch, during training."""
