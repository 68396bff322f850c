"""Figures from arrays, and the page that shows them.

Each figure is a `matplotlib.figure.Figure` that pyplot knows nothing of, so
threads and notebooks are safe.
"""
