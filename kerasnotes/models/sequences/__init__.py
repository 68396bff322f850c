"""Models that take sequences."""
