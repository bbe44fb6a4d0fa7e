"""IMAP4rev2 and IMAP4rev1: one grammar, both roles.

Shared: `framing` (lines and literals), `strings`, `names`, `dates`, `sequence`.
The server: `server` (the engine), `states` (the table), `limits`, `parsers` (one function per
command, from `arguments` to `commands`), `append`; out by `answers`, `responses`, `codes`.
The client: `client` (the engine), `values` (the general shape), `response_reader`, `data_reader`,
`fetch_reader`, `body_structure` (to `response_types`).
"""
