"""What a message passes before it is accepted."""
