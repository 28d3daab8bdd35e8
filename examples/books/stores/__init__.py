"""Keep books: in memory, or in a database."""
