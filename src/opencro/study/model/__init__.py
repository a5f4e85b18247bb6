"""The frozen types of a study."""
