"""Who: directory of addresses, logins, passwords."""
