"""Resampling: arrays -> more arrays, before training or in the embedding space."""
