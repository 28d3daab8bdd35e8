"""A pitfall and its fix; docs/check/TW001.md explains them."""
