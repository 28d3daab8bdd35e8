"""Read the source of a loaded application: its files and functions, what its names and expressions are, and who calls whom."""
