"""A pitfall and its fix; docs/check/TW029.md explains them."""
