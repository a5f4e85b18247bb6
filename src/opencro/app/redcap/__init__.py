"""The door for programs that speak REDCap's API: the same study folder, the same ledger, another language."""
