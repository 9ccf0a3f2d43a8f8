"""Which recipes are better than the baseline, beyond the noise of seeds and test samples."""
