"""A pitfall and its fix; docs/check/TW000.md explains them."""
