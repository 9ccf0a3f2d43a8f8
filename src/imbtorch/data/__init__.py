"""Data: sources, imbalance profiles, samplers, batches."""
