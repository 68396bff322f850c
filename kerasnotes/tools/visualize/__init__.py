"""Looks inside models."""
