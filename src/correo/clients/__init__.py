"""Clients for any mail server: async, typed, over our own engines."""
