"""What each school may use, as an account of Slurm with limits: planned, shown, applied."""

from portal.quotas.plan import Difference, differences
from portal.quotas.wish import account_wish

__all__ = ["Difference", "account_wish", "differences"]
