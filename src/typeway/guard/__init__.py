"""Keep users out of the known pitfalls; nothing here is imported before it is used."""
