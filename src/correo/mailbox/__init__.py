"""What a mailbox means, once, for every protocol that shows it."""
