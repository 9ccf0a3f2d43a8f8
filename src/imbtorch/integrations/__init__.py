"""Adapters for other libraries: scikit-learn estimators and Lightning callbacks."""
