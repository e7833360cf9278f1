"""report.html: one page about one model that a child of ten can read. No script, no other file."""
