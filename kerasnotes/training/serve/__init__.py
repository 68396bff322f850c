"""Export to the formats that serve."""
