"""Show an author what happens to requests during development: one line for each, short tracebacks, and error pages."""
