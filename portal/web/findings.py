"""What a run found, read from its folder and made ready for a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portal.catalog import Template
from portal.datasets import manifest
from portal.language import Text
from portal.results.folder import Artifact, Prediction, RunFolder
from portal.services import services
from portal.store.tables import Run
from portal.web.confusion import Chart, draw
from portal.web.speech import say

SHOWN = 24
REPORT = "report.html"


@dataclass(frozen=True)
class Findings:
    """Nothing of it has to be there: a run that failed has a log and no more."""

    confusion: Chart | None
    predictions: tuple[Prediction, ...]
    downloads: tuple[Artifact, ...]
    report: Artifact | None
    names: Mapping[str, str]
    titles: Mapping[str, Text]
    log: str

    @classmethod
    def none(cls) -> Findings:
        """What a run that still lives has found."""
        return cls(None, (), (), None, {}, {}, "")

    @property
    def wrong(self) -> int:
        """How many of the shown guesses are wrong."""
        return sum(each.truth != each.guess for each in self.predictions)


def folder_of(run: Run) -> RunFolder:
    """The folder that the run's job writes."""
    return RunFolder(services().settings.data.root, run.id)


def findings_of(run: Run, template: Template | None) -> Findings:
    """Read what the run's newest attempt left."""
    folder, names = folder_of(run), _names(run)
    artifacts = folder.artifacts(run.attempt)
    table = folder.confusion(run.attempt)
    titles = _titles(template)
    order = {name: place for place, name in enumerate(titles)}
    listed = [each for each in artifacts if each.kind != "picture" and each.name != REPORT]
    return Findings(
        confusion=draw([names.get(x, x) for x in table.labels], table.matrix) if table else None,
        predictions=_mixed(folder.predictions(run.attempt)),
        downloads=tuple(sorted(listed, key=lambda each: order.get(each.name, len(order)))),
        report=next((each for each in artifacts if each.name == REPORT), None),
        names=names,
        titles=titles,
        log=folder.log(run.attempt),
    )


def _mixed(items: list[Prediction]) -> tuple[Prediction, ...]:
    """The most telling guesses: the wrong ones first, and not more than half of what is shown."""
    wrong = [each for each in items if each.truth != each.guess]
    right = [each for each in items if each.truth == each.guess]
    few = wrong[: max(SHOWN // 2, SHOWN - len(right))]
    return tuple(few + right[: SHOWN - len(few)])


def _names(run: Run) -> dict[str, str]:
    """Class names as the reader's language has them, where the data set knows."""
    about = manifest.parse(run.data_set.content.manifest)
    return {name: say(text) for name, text in about.class_names.items()}


def _titles(template: Template | None) -> dict[str, Text]:
    return {each.name: each.label for each in template.artifacts} if template else {}
