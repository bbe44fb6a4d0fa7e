"""The client's side of SMTP, submission and LMTP: `engine` speaks, `transaction` sends a message."""
