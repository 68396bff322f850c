"""What works on finished runs or starts many: analysis and search."""
