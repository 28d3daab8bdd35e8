"""Find the response to an exception."""
