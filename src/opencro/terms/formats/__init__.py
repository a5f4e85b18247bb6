"""Pure readers of the files in which controlled terminology is published: bytes in, rows and findings out."""
