"""The REST API under /api/v1/: the pages' rules for programs, described by OpenAPI."""
