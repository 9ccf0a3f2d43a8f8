"""scikit-learn's contract: any recipe, or the training of a head, as an estimator."""

from imbtorch.integrations.embedding_head import EmbeddingHead
from imbtorch.integrations.imbalanced_classifier import ImbalancedClassifier

__all__ = ["EmbeddingHead", "ImbalancedClassifier"]
