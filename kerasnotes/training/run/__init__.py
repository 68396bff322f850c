"""A run: its flags, its command line, its folder."""
