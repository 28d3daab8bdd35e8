"""The pitfalls that `typeway check` finds, each with its fix, as pairs of small applications."""
