"""A pitfall and its fix; docs/check/TW016.md explains them."""
