"""Does anybody make way for a school that comes for its guaranteed part?

That a school's own QOS names those that make way is looked at with the other limits of schools;
here it is whether Slurm heeds that at all. https://slurm.schedmd.com/preempt.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from portal.config import Settings
from portal.doctor.finding import Finding, ok, skipped, warn
from portal.language import N_, Message
from portal.scheduler import Preemption, Site
from portal.store.tables import School

TYPE = "preempt/qos"
# What is suspended goes on holding its GPU.
MODES = {"REQUEUE", "CANCEL"}


def look(settings: Settings, schools: Sequence[School], site: Site) -> Iterator[Finding]:
    """A finding where a school has a guaranteed part, and borrows beyond it."""
    if settings.slurm.borrow_qos is None or all(school.guaranteed is None for school in schools):
        return
    if site.preemption is None:
        yield skipped(
            "preemption",
            N_("slurmrestd does not tell PreemptType: look yourself, scontrol show config"),
        )
        return
    faults = list(_faults(site.preemption))
    yield from (warn("preemption", words, advice) for words, advice in faults)
    if not faults:
        yield ok("preemption", N_("Slurm makes way for guaranteed parts."))


def _faults(told: Preemption) -> Iterator[tuple[Message, Message]]:
    """What is wrong, and what to do about it."""
    modes = ",".join(told.modes) or "OFF"
    if told.type != TYPE or not MODES & set(told.modes):
        yield (
            N_(
                "Schools have guaranteed parts, and nobody makes way for them: PreemptType is "
                "{type}, PreemptMode is {modes}.",
                type=told.type or "preempt/none",
                modes=modes,
            ),
            N_(
                "Put PreemptType=preempt/qos and PreemptMode=REQUEUE into slurm.conf, as in "
                "slurm_conf/site/kesuan.conf"
            ),
        )
    if not told.qos_weight:
        yield (
            N_(
                "Schools have guaranteed parts, and the priority of a QOS counts for nothing: "
                "what is borrowed may come before them."
            ),
            N_(
                "Put PriorityType=priority/multifactor and PriorityWeightQOS=10000 into "
                "slurm.conf, as in slurm_conf/site/kesuan.conf"
            ),
        )
