"""Readers of data sets of pictures, one a format."""
