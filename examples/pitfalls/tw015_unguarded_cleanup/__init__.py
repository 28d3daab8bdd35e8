"""A pitfall and its mend; docs/check/TW015.md explains them."""
