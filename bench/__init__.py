"""Measure correo beside its peers: `python -m bench NAME`, figures for docs/performance.md."""
