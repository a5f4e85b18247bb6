"""Do intervals cover and do tests reject as often as they say? By enumeration where possible, else by simulation."""
