"""How long a run will take, before it runs, from what the template declares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from portal.catalog.template import Factor, Quantity, Template

MORE_STEPS_THAN_ANY_RUN = 1e12


def steps(template: Template, parameters: Mapping[str, Any], data: Mapping[str, Any]) -> float:
    """The work of a run, in the steps that the template's [estimate] counts.

    A measured rate is `train_seconds / steps(…)` of a run that is over.
    """
    product = math.prod(_size(factor, parameters, data) for factor in template.estimate.factors)
    return min(max(product, 1.0), MORE_STEPS_THAN_ANY_RUN)


def seconds(
    template: Template,
    parameters: Mapping[str, Any],
    data: Mapping[str, Any],
    share: int,
    seconds_per_step: float | None = None,
) -> float:
    """Seconds from a run's first instruction to its last, on a share of so many eighths.

    Args:
        seconds_per_step: the measured rate on that share; the template's own guess without it.
    """
    rate = seconds_per_step if seconds_per_step is not None else _declared(template, share)
    return template.estimate.startup_seconds + rate * steps(template, parameters, data)


def _declared(template: Template, share: int) -> float:
    """The template's rate for the largest share that it names and that is not above this one."""
    rates = template.estimate.seconds_per_step
    below = [rate for eighths, rate in rates if eighths <= share]
    return below[-1] if below else rates[0][1]


def _size(factor: Factor, parameters: Mapping[str, Any], data: Mapping[str, Any]) -> float:
    if factor.weights:
        weights = dict(factor.weights)
        size = weights.get(str(parameters.get(factor.of.field or "")), max(weights.values()))
    else:
        size = _count(factor.of, parameters, data)
    size *= factor.times
    if factor.at_most:
        size = min(size, math.prod(_count(q, parameters, data) for q in factor.at_most))
    return size


def _count(quantity: Quantity, parameters: Mapping[str, Any], data: Mapping[str, Any]) -> float:
    if quantity.number is not None:
        return quantity.number
    if quantity.field is not None:
        value = parameters.get(quantity.field, 1)
        return float(len(value) if isinstance(value, list) else value)
    if quantity.data == "items":
        return float(data.get("rows", data.get("count", 1)))
    return float(len(data.get(quantity.data or "", ())))
