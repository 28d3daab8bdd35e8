"""A pitfall and its fix; docs/check/TW026.md explains them."""
