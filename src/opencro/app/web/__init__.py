"""The web application: pages and APIs over study folders and their ledgers."""
