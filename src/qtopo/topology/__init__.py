"""What a topology is: frozen values, one class per table of the file."""
