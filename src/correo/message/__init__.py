"""The message format: one pass over the octets makes an index, never again."""
