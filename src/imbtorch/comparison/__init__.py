"""Comparison: recipes x seeds on one task, stored, summed up and reported."""
