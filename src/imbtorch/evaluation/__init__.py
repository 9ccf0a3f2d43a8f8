"""Evaluation: metrics, comparison over seeds, plots, report."""
