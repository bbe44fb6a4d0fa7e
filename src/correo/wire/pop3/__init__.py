"""POP3: one grammar, both roles."""
