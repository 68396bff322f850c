"""Readers of data sets of texts, one a format."""
