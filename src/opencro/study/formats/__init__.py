"""The exchange formats of a study: USDM (protocol) and ODM (forms and records); every module is pure, bytes <-> model."""
