"""Join sockets to the protocol engines, and the engines to the mail core: one room per protocol."""
