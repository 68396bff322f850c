"""Networks that say where things are."""
