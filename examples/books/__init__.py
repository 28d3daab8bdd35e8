"""A book API: create, read, update and delete books, in memory or in a database."""
