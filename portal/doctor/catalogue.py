"""Are the templates good, and does each have its environment?"""

from __future__ import annotations

from collections.abc import Iterator

from portal.catalog import Catalog
from portal.config import Settings
from portal.doctor.finding import Finding, fault, ok
from portal.language import N_


def look(settings: Settings) -> Iterator[Finding]:
    """Findings about the templates that the settings name."""
    catalog = Catalog(settings.templates.folders)
    for bad in catalog.faults:
        advice = N_("Put the template right; kesuan templates check tells the same.")
        yield fault("templates", N_("{fault}", fault=str(bad)), advice)
    for template in catalog.all():
        if template.environment not in settings.environments:
            name = template.environment
            yield fault(
                "templates",
                N_("{template} needs the environment {name}.", template=template.name, name=name),
                N_("Describe it in the settings, in [environments.{name}].", name=name),
            )
    if not catalog.all():
        yield fault(
            "templates",
            N_("There is no template."),
            N_("Set templates.folders to the folders of job_templates."),
        )
    else:
        count = len(catalog.all())
        yield ok("templates", N_("Every template can be used ({count}).", count=count))
