"""Job templates: load them, check them, make their forms. A template is a folder of data."""

from portal.catalog.catalog import Catalog
from portal.catalog.estimate import seconds, steps
from portal.catalog.folder import BadTemplate, Fault, check_folder, load_template
from portal.catalog.form import check_data, parameters, schema_for
from portal.catalog.json_form import json_schema
from portal.catalog.program import publish
from portal.catalog.template import (
    ArtifactKind,
    Curve,
    Estimate,
    Field,
    Headline,
    Option,
    Resources,
    Series,
    Template,
)

__all__ = [
    "ArtifactKind",
    "BadTemplate",
    "Catalog",
    "Curve",
    "Estimate",
    "Fault",
    "Field",
    "Headline",
    "Option",
    "Resources",
    "Series",
    "Template",
    "check_data",
    "check_folder",
    "json_schema",
    "load_template",
    "parameters",
    "publish",
    "schema_for",
    "seconds",
    "steps",
]
