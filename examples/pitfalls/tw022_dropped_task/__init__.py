"""A pitfall and its fix; docs/check/TW022.md explains them."""
