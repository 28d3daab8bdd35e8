"""A pitfall and its fix; docs/check/TW010.md explains them."""
