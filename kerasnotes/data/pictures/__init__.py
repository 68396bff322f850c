"""Pictures: read, decoded, batched, augmented."""
