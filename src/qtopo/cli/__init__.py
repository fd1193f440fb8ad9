"""The command line: the only part that prints, writes and exits."""
