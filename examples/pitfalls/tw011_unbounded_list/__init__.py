"""A pitfall and its fix; docs/check/TW011.md explains them."""
