"""What users wait for, measured against what they would use otherwise."""
