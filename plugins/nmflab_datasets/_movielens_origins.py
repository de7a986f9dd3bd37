"""Where the MovieLens ratings come from, and under which terms."""

from __future__ import annotations

from nmflab.contracts import DataFile, Origin

CITATION = """\
@article{harper2015movielens,
  author = {Harper, F. Maxwell and Konstan, Joseph A.},
  title = {The {MovieLens} Datasets: History and Context},
  journal = {ACM Transactions on Interactive Intelligent Systems},
  volume = {5},
  number = {4},
  pages = {19:1--19:19},
  year = {2015},
  doi = {10.1145/2827872}
}"""

TERMS = (
    "GroupLens Research, University of Minnesota: research use only; no commercial or"
    " revenue-bearing use without permission of its faculty; state no endorsement by"
    " the university or by GroupLens; acknowledge the data in publications; no warranty"
)
CLOSED = f"{TERMS}. The data may not be passed on without separate permission."
OPEN = f"{TERMS}. The data may be passed on under these same terms."

SITE = "https://files.grouplens.org/datasets/movielens"

ORIGIN_100K = Origin(
    page="https://grouplens.org/datasets/movielens/100k/",
    files=(
        DataFile(
            name="ml-100k.zip",
            mirror="movielens-100k/ml-100k.zip",
            size=4_924_029,
            url=f"{SITE}/ml-100k.zip",
            sha256="50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229",
            members={
                "ml-100k/u.data": (
                    "06416e597f82b7342361e41163890c81036900f418ad91315590814211dca490"
                ),
                "ml-100k/u.genre": (
                    "9757e0d3e6b298159a80dd48eaf938114690e911e39af97a76949ef1663610bb"
                ),
                "ml-100k/u.item": (
                    "553841ebc7de3a0fd0d6b62a204ea30c1e651aacfb2814c7a6584ac52f2c5701"
                ),
                "ml-100k/u.user": (
                    "f120e114da2e8cf314fd28f99417c94ae9ddf1cb6db8ce0e4b5995d40e90e62c"
                ),
                "ml-100k/u1.test": (
                    "18c6014a4b2c7324f250a63f8904a7b16b2b19f911129e346141507b0cbac950"
                ),
                "ml-100k/u2.test": (
                    "4de658d1e04ed9104629509a2e2528fce833ac8e048280183f1df167632038c3"
                ),
                "ml-100k/u3.test": (
                    "0f548b51c78327de4c156461d3e430b7e5579fe2b5681586a59416e48fd35f6d"
                ),
                "ml-100k/u4.test": (
                    "7c02ad0a1e7ab1083c8b9d4b627203a051dd7b5eab46d99fa44de33470de8db9"
                ),
                "ml-100k/u5.test": (
                    "351cc52e0d15b6c721466276fc24671d40936899e3d01fadeaf312915b8c5634"
                ),
                "ml-100k/ua.test": (
                    "d0497e202417720f57a184ec8c66be2d1afa4ff41bb53787c57b28d6bf79bc42"
                ),
                "ml-100k/ub.test": (
                    "d54a72d05730d5892062734b2bec73e976f9b713d18c828a18b968d6cce442da"
                ),
            },
        ),
    ),
    licence=CLOSED,
    redistributable=False,
    citation=CITATION,
)

ORIGIN_LATEST_SMALL = Origin(
    page="https://grouplens.org/datasets/movielens/latest/",
    files=(
        DataFile(
            name="ml-latest-small.zip",
            mirror="movielens-latest-small/ml-latest-small.zip",
            size=978_202,
            url=f"{SITE}/ml-latest-small.zip",
            sha256="696d65a3dfceac7c45750ad32df2c259311949efec81f0f144fdfb91ebc9e436",
            members={
                "ml-latest-small/movies.csv": (
                    "5a5f32dd9bb3797b8e728a1b98958789d2b13f294a69fdfbc5727f8a9611aa07"
                ),
                "ml-latest-small/ratings.csv": (
                    "aa289ca83157595d0df6aea1be6a4ded676ddc4385472e8313a8ed9805352646"
                ),
            },
        ),
    ),
    licence=OPEN,
    redistributable=True,
    citation=CITATION,
)

ORIGIN_1M = Origin(
    page="https://grouplens.org/datasets/movielens/1m/",
    files=(
        DataFile(
            name="ml-1m.zip",
            mirror="movielens-1m/ml-1m.zip",
            size=5_917_549,
            url=f"{SITE}/ml-1m.zip",
            sha256="a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20",
        ),
    ),
    licence=CLOSED,
    redistributable=False,
    citation=CITATION,
)
