"""A Task Manager: accounts, tokens and tasks on a real database, served by Typeway."""
