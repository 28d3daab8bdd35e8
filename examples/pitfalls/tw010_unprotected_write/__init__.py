"""A pitfall and its mend; docs/check/TW010.md explains them."""
