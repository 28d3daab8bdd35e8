"""A pitfall and its fix; docs/check/TW004.md explains them."""
