"""What is raised where nothing can be recommended as asked."""


class RecommendationError(ValueError):
    """Nothing can be recommended as asked; says what is missing and how to mend it."""
