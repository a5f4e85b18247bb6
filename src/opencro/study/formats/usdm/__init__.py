"""USDM: the protocol as CDISC exchanges it."""
