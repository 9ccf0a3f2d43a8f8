"""Training: phases, recipes by name, the loop, checkpoints."""
