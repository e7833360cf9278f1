"""Is this site well? Checks that say what they found and what to do about it."""

from portal.doctor.examination import examine
from portal.doctor.finding import Finding, Verdict

__all__ = ["Finding", "Verdict", "examine"]
