"""A pitfall and its mend; docs/check/TW004.md explains them."""
