"""Applications that show how Typeway is used."""
