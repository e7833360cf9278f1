"""What the portal costs: one module for each thing that `scripts/bench` measures."""
