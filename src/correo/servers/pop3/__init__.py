"""Serve POP3."""
