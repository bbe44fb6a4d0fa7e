"""Decide whether a message may come in, and take it over: the commit point."""
