"""The ground: no trial word, no I/O beyond reading a file that it is handed."""
