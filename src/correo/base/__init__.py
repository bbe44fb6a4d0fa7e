"""The ground all rooms stand on: errors, clock, identifiers, limits, DNS types. Pure."""
