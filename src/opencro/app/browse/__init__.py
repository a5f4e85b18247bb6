"""The results browser: static pages in which every number opens what is behind it."""
