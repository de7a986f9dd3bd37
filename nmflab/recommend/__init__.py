"""Recommendations: what a run predicts for cells nobody has filled in yet.

A run's factors say how much each user takes to each feature and what each feature holds
of each item. From these come predicted values for unseen cells, the best items of a
user, and which features carry them; and the same for a user the run never saw, from a
few ratings.
"""

from nmflab.recommend.choice import Chosen, choose_run
from nmflab.recommend.errors import RecommendationError
from nmflab.recommend.model import Model, is_recommendable, model_of
from nmflab.recommend.ranking import COLUMNS, feature_words, ranked
from nmflab.recommend.table import FIRST_USERS, recommend
from nmflab.recommend.text import plain_text, rich_text
from nmflab.recommend.unseen import new_user

__all__ = [
    "COLUMNS",
    "FIRST_USERS",
    "Chosen",
    "Model",
    "RecommendationError",
    "choose_run",
    "feature_words",
    "is_recommendable",
    "model_of",
    "new_user",
    "plain_text",
    "ranked",
    "recommend",
    "rich_text",
]
