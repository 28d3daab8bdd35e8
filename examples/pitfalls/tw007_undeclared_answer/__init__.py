"""A pitfall and its mend; docs/check/TW007.md explains them."""
