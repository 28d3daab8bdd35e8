"""What will happen: operations become plans, built once and never mutated."""
