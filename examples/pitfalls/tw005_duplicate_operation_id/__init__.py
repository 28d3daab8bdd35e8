"""A pitfall and its fix; docs/check/TW005.md explains them."""
