"""A Task Manager: accounts, tokens and tasks in a real database."""
