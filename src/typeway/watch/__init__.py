"""Watch event loops while they serve, and report what blocks them."""
