"""A book API: create, read, update, delete, in memory or in a database, served by Typeway."""
