"""A pitfall and its mend; docs/check/TW017.md explains them."""
