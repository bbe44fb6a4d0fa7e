"""Sockets under the engines: driver, listeners, TLS, DNS, PROXY protocol, limits."""
