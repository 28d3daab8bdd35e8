"""Read what the author wrote: markers, options, signatures, and the source of each parameter's value."""
