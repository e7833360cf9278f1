"""Schools, classes, seats and roles; ways to log in; tokens."""
