"""A pitfall and its fix; docs/check/TW018.md explains them."""
