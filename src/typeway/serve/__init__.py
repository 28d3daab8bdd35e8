"""A request happens: the plan is obeyed, and nothing is decided twice."""
