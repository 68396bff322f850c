"""Error analysis of trained models."""
