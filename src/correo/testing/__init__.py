"""The server inside tests: fakes for clock, DNS, peers and store; contract suites."""
