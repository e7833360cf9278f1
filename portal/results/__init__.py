"""Read a run's folder, confined to it, and believe nothing that a job wrote before checking it."""
