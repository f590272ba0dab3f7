"""Pages and pictures: what the report and the summary have in common."""
