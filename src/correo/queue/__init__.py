"""The durable waiting room: which message, when, for which host. No sockets."""
