"""Bodies too large for a row: content-addressed files."""
