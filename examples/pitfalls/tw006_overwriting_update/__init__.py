"""A pitfall and its fix; docs/check/TW006.md explains them."""
