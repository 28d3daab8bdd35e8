"""A pitfall and its fix; docs/check/TW003.md explains them."""
