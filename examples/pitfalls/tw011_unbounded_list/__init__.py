"""A pitfall and its mend; docs/check/TW011.md explains them."""
