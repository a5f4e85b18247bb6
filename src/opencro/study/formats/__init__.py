"""The exchange formats of a study: USDM (protocol) and ODM (forms and records); pure modules, bytes <-> model."""
