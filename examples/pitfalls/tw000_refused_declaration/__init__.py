"""A pitfall and its mend; docs/check/TW000.md explains them."""
