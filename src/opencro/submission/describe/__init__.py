"""From declarations and datasets to the model of a define.xml."""
