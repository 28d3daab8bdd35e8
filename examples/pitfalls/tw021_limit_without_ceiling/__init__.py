"""A pitfall and its fix; docs/check/TW021.md explains them."""
