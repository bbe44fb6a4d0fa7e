"""One suite of tests for each protocol of the store; every backend passes it."""
