"""Move mail in and out of an account: Maildir, mbox, .eml files, and other IMAP servers.

`cli` calls it (`correo import`, `export`, `migrate`). It reads and writes other people's formats;
what is filed, and how it is made durable, is the mailbox's affair.
"""
