"""The server's side of SMTP, submission and LMTP: `engine` joins, `commands` understand."""
