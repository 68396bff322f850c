"""Data: readers, the picture decoder, augmentation and training batches."""
