"""Turn operations into plans, which are built once and never changed."""
