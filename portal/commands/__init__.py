"""The commands of `kesuan`, a module each."""
