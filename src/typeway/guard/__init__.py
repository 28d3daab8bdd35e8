"""Keep users out of the known pitfalls: what they cannot see, the framework tells them."""
