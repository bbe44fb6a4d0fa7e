"""SASL mechanisms, both roles."""
