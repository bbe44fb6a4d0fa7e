"""The in-memory backend: the fake that passes the same contract suite."""
