"""One file a learning problem: its Config and its Task."""
