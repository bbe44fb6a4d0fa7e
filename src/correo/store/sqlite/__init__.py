"""The default backend: one SQLite file per account."""
