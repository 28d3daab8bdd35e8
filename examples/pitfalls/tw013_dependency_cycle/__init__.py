"""A pitfall and its mend; docs/check/TW013.md explains them."""
