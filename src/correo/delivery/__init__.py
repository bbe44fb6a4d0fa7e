"""Bring a message home to a mailbox, or out to another server."""
