"""Adapters for other libraries: scikit-learn's estimators, Lightning's callbacks."""
