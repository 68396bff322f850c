"""Texts: pairs, vocabularies, batches."""
