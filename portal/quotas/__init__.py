"""What each school may use, as an account of Slurm with limits: planned, shown, applied."""

from portal.quotas.own import own_qos
from portal.quotas.plan import Difference, ask, differences
from portal.quotas.promised import too_much
from portal.quotas.wish import account_wish

__all__ = ["Difference", "account_wish", "ask", "differences", "own_qos", "too_much"]
