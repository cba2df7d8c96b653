"""What an EHR will make of a write, said before anybody approves it, and scored afterwards.

What is known stands in the adopted profile (`core.profile`) and in our own reconciliations. Only
what is known is predicted; silence says nothing. Source: design §8, §10.
"""

from core.prediction.labels import LABELS, Kept, Label, survival
from core.prediction.predict import Prediction, predict
from core.prediction.predicted import Predicted
from core.prediction.score import Score, Scores, score

__all__ = [
    "LABELS",
    "Kept",
    "Label",
    "Predicted",
    "Prediction",
    "Score",
    "Scores",
    "predict",
    "score",
    "survival",
]
