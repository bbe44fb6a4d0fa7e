"""SMTP, submission and LMTP: one grammar, both roles.

`grammar`, `paths`, `parameters`, `xtext`, `replies`, `data` and `lines` serve both; `server` and
`client` hold the engines.
"""
