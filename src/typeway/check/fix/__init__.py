"""Change source so that a finding is gone, and nothing else of it."""
