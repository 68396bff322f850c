"""Learning: compile, fit, checkpoints, what watches it."""
