"""A pitfall and its mend; docs/check/TW012.md explains them."""
