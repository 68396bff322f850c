"""Readers of pictures with boxes, one a format, and what they share."""
