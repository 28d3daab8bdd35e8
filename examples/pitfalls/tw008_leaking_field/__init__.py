"""A pitfall and its fix; docs/check/TW008.md explains them."""
