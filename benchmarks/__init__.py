"""Measurements beside a peer or the machine's limit; never in a test."""
