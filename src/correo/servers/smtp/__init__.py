"""Serve SMTP, submission and LMTP."""
