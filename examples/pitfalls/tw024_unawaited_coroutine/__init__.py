"""A pitfall and its fix; docs/check/TW024.md explains them."""
