"""A pitfall and its fix; docs/check/TW023.md explains them."""
