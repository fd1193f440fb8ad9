"""The drawn picture: what is where (`scene`), and how it is written (`svg`, `png`)."""
