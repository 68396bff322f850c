"""Models that take pictures or vectors."""
