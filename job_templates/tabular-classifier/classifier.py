"""BaseML's classifiers behind one small door, with the settings that the form offers."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from BaseML import Classification
from columns import Column
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from runtime import Run

# The setting is BaseML's own (SVC(probability=True)); sklearn 1.9 says that 1.11 drops it.
warnings.filterwarnings("ignore", "The `probability` parameter", FutureWarning)
warnings.filterwarnings("ignore", r"Attribute `prob[AB]_`", FutureWarning)

MLP_ROUNDS = 300


def preparation(columns: Sequence[Column]) -> ColumnTransformer:
    """Numbers: gaps get the middle value, then all are brought to one scale. Texts: one yes-or-no
    column for each value.
    """
    numbers = [place for place, column in enumerate(columns) if column.values is None]
    steps: list[Any] = []
    if numbers:
        scaled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
        steps.append(("numbers", scaled, numbers))
    for place, column in enumerate(columns):
        if column.values is not None:
            known = [[float(number) for number in range(len(column.values))]]
            one_hot = OneHotEncoder(categories=known, handle_unknown="ignore", sparse_output=False)
            steps.append((f"text{place}", one_hot, [place]))
    return ColumnTransformer(steps)


class Classifier:
    """One algorithm of BaseML, trained on prepared rows."""

    def __init__(self, run: Run, prepared: ColumnTransformer) -> None:
        self._run = run
        self._prepared = prepared
        self._model: Any = None

    def fit(self, rows: np.ndarray, labels: np.ndarray) -> None:
        """Learns from these rows alone, forgetting any others."""
        algorithm = str(self._run.parameters["algorithm"])
        # BaseML takes `para` only when it holds more than one setting; NaiveBayes has none.
        model = Classification(algorithm, para=_settings(self._run, algorithm, len(rows)))
        prepared = self._prepared.transform(rows)
        model.load_dataset(prepared, labels, type="numpy", shuffle=False, split=False)
        # BaseML makes a column of the labels, scikit-learn wants a row.
        model.y_train = model.y_train.ravel().astype(int)
        model.train(epochs=MLP_ROUNDS)
        self._model = model.model

    def probabilities(self, rows: np.ndarray) -> np.ndarray:
        """How likely each class is, one row for each row."""
        return self._model.predict_proba(self._prepared.transform(rows))

    @property
    def pipeline(self) -> Pipeline:
        """Preparation and model in one, from raw columns to an answer."""
        return Pipeline([("preparation", self._prepared), ("model", self._model)])


def _settings(run: Run, algorithm: str, rows: int) -> dict[str, Any]:
    given, seed = run.parameters, run.seed % 2**32
    return {
        "KNN": {"n_neighbors": min(int(given["neighbours"]), rows), "algorithm": "brute"},
        "CART": {"max_depth": int(given["depth"]), "random_state": seed},
        "RandomForest": {
            "n_estimators": int(given["trees"]),
            "max_depth": int(given["depth"]),
            "random_state": seed,
        },
        "SVM": {"probability": True, "random_state": seed},
        "NaiveBayes": {},
        "MLP": {
            "hidden_layer_sizes": (int(given["neurons"]),),
            "solver": "lbfgs",
            "random_state": seed,
        },
    }[algorithm]
