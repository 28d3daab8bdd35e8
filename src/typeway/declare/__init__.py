"""What the author wrote: markers, signatures, and where each value comes from."""
