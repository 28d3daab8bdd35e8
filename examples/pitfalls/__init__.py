"""Show each pitfall that `typeway check` knows, and the mend, as two small applications."""
