"""The web page: HTML from the server, and a little JavaScript that shows what others change."""
