"""A share, counted in eighths of a device, becomes what the site's Slurm is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.accelerators.families import FAMILIES, WHOLE, Family, Sharing
from portal.config import Accelerator as AcceleratorSettings
from portal.errors import Invalid
from portal.language import N_, Message

SHARES = (1, 2, 4, 8)
"""The eighths that are offered where units can be cut at will."""

_LABELS: Mapping[int, Message] = {
    0: N_("CPU only"),
    1: N_("An eighth of a GPU"),
    2: N_("A quarter of a GPU"),
    4: N_("Half a GPU"),
    8: N_("A whole GPU"),
}


@dataclass(frozen=True, slots=True)
class ShareOffer:
    """What one share is on this site.

    `memory_fraction` is how much of the memory that the job can see on its device it may use:
    1.0 on a fenced slice, which looks to the job like a whole device. It is 0.0 without a device.
    """

    eighths: int
    gres: str | None
    cpus: int
    memory_mb: int
    memory_fraction: float
    device_variable: str
    label: Message


@dataclass(frozen=True)
class Accelerator:
    """The devices of a site and how they are shared."""

    family: Family
    type: str | None = None
    units_per_device: int = WHOLE
    profiles: Mapping[int, str] = field(default_factory=dict)
    cores_per_eighth: int = 1
    memory_mb_per_eighth: int = 2048

    @classmethod
    def from_settings(cls, settings: AcceleratorSettings) -> Accelerator:
        """Raises `Invalid` for profiles whose sizes are no eighths of a device."""
        wrong = [key for key in settings.profiles if key not in map(str, range(1, WHOLE + 1))]
        if wrong:
            sentence = N_("{sizes}: a profile's size is a number of eighths from 1 to 8.")
            raise Invalid.one(
                "accelerator.profiles", Message(sentence.msgid, {"sizes": ", ".join(wrong)})
            )
        return cls(
            FAMILIES[settings.family],
            settings.type,
            settings.units_per_gpu,
            {int(key): profile for key, profile in sorted(settings.profiles.items())},
            settings.cores_per_eighth,
            settings.memory_mb_per_eighth,
        )

    def offered(self) -> tuple[ShareOffer, ...]:
        """Every share that the site can give, the smallest first; CPU only where nothing else."""
        sizes = [eighths for eighths in range(1, WHOLE + 1) if self._offers(eighths)]
        return tuple(self.offer(eighths) for eighths in sizes or [0])

    def offer(self, eighths: int) -> ShareOffer:
        """What this share is here; 0 is CPU only. Raises `Invalid` where there is no such share."""
        if eighths == 0:
            return ShareOffer(
                0, None, self.cores_per_eighth, self.memory_mb_per_eighth, 0.0, "", _LABELS[0]
            )
        gres = self._gres(eighths)
        if gres is None:
            raise Invalid.one("share", self._refusal(eighths))
        return ShareOffer(
            eighths=eighths,
            gres=gres,
            cpus=self.cores_per_eighth * eighths,
            memory_mb=self.memory_mb_per_eighth * eighths,
            memory_fraction=1.0 if self.family.fenced else eighths / WHOLE,
            device_variable=self.family.variable,
            label=_label(eighths),
        )

    def _offers(self, eighths: int) -> bool:
        """Whether a form shows this size: cut at will, only the plain fractions are shown."""
        plain = self.family.sharing is not Sharing.UNITS or eighths in SHARES
        return plain and self._gres(eighths) is not None

    def _gres(self, eighths: int) -> str | None:
        """The GRES words of a share, or None if the site has none of this size."""
        if not 1 <= eighths <= WHOLE:
            return None
        if self.family.sharing is Sharing.UNITS:
            units = self.units_per_device * eighths // WHOLE
            return self._words(self.type, units) if units else None
        if self.family.sharing is Sharing.PROFILES:
            if eighths in self.profiles:
                return self._words(self.profiles[eighths], 1)
            if eighths == WHOLE and self.family.name != "mig":
                return self._words(self.type, 1)
        return None

    def _words(self, type_: str | None, count: int) -> str:
        return ":".join(filter(None, (self.family.resource, type_, str(count))))

    def _refusal(self, eighths: int) -> Message:
        sizes = [offer.label for offer in self.offered()]
        if self.family.sharing is Sharing.NONE:
            return N_("This site has no GPUs; a share can only be “CPU only”.")
        return N_(
            "This site has no share of {eighths}/8 of a GPU; the smallest is: {smallest}.",
            eighths=eighths,
            smallest=sizes[0],
        )


def _label(eighths: int) -> Message:
    return _LABELS.get(eighths) or N_("{eighths}/8 of a GPU", eighths=eighths)
