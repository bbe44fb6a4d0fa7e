"""SMTP, submission and LMTP: one grammar, both roles."""
