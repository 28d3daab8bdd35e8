"""A pitfall and its mend; docs/check/TW008.md explains them."""
