"""A pitfall and its fix; docs/check/TW002.md explains them."""
