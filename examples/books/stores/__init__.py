"""The stores of books: in memory, or in a database."""
