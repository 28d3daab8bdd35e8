"""A pitfall and its fix; docs/check/TW025.md explains them."""
