"""What the centre's staff watch the portal by: readiness, figures, and lines of log."""
