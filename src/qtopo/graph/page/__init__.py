"""The page: the picture with what can be asked of it, in one file (`html`)."""
