"""scikit-learn estimators: one trains by any recipe, one trains a head on embeddings."""

from imbtorch.integrations.embedding_head import EmbeddingHead
from imbtorch.integrations.imbalanced_classifier import ImbalancedClassifier

__all__ = ["EmbeddingHead", "ImbalancedClassifier"]
