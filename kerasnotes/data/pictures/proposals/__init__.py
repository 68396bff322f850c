"""Region proposals: boxes in which an object may lie, whatever its class."""
