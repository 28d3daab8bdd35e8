"""Keep all rules of the application; nothing here knows HTTP."""
