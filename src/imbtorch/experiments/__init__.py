"""Experiments: recipes x seeds on one data set, stored run by run."""
