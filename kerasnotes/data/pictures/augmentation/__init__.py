"""Augmentation: one warp and one colour map a picture."""
