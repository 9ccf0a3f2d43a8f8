"""How imbalanced data are, and how they are made so."""
