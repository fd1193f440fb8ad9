"""What a broker holds, as tables of the file: shared by what reads an export and a live broker."""
