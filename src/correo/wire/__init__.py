"""The protocols as pure engines: grammar, replies, state; no input or output."""
