"""The pitfalls that `typeway check` finds, each with its fix, as two small applications."""
