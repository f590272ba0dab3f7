"""The sets of reviews that are known by name: what they are, whose they are, where they are."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from sentiment.datasets.archives import Member
from sentiment.datasets.layouts import (
    PartRow,
    amazon_polarity,
    imdb,
    sentiment_treebank,
    tweet_eval,
    uci_sentences,
    yelp_polarity,
)


@dataclass(frozen=True)
class Download:
    """A file on a publisher's site.

    Attributes:
        url: its address.
        size: its bytes, exactly or about.
        sha256: what the file hashes to, in hexadecimal; None where nobody is known to have said.
    """

    url: str
    size: int
    sha256: str | None = None

    @property
    def file_name(self) -> str:
        """The last part of the address."""
        return urlsplit(self.url).path.rpartition("/")[2]


@dataclass(frozen=True)
class Dataset:
    """A published set of reviews.

    Attributes:
        name: how it is called on the command line.
        about: what it is, and who made it.
        licence: under what terms it is published, as far as its publisher says.
        home: the page where its publisher describes it.
        downloads: the files it is made of.
        layout: turns the files in these into rows.
        columns: what the cells of each row are; "text" and "label" are among them.
        parts: each part → the reviews it is published with.
    """

    name: str
    about: str
    licence: str
    home: str
    downloads: tuple[Download, ...]
    layout: Callable[[Iterator[Member]], Iterator[PartRow]]
    columns: tuple[str, ...]
    parts: Mapping[str, int]

    @property
    def size(self) -> int:
        """The bytes of all downloads."""
        return sum(download.size for download in self.downloads)

    @property
    def pinned(self) -> bool:
        """Whether each download is known by its hash."""
        return all(download.sha256 for download in self.downloads)


_TWEETS = "https://raw.githubusercontent.com/cardiffnlp/tweeteval/main/datasets/sentiment"

# None of the publishers states a SHA-256. Those here stand in several projects that have long
# downloaded the same files from the same addresses, and agree with each other.
_ALL = (
    Dataset(
        name="imdb",
        about="Large Movie Review Dataset: long film reviews from IMDb (Maas et al., 2011)",
        licence="none stated; for research, cite the paper",
        home="https://ai.stanford.edu/~amaas/data/sentiment/",
        downloads=(
            Download(
                "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
                84_125_825,
                "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
            ),
        ),
        layout=imdb,
        columns=("text", "label", "rating", "id"),
        parts={"train": 25_000, "test": 25_000, "unlabeled": 50_000},
    ),
    Dataset(
        name="sst2",
        about="Stanford Sentiment Treebank: sentences of film reviews, no neutral ones "
        "(Socher et al., 2013)",
        licence="none stated; for research, cite the paper",
        home="https://nlp.stanford.edu/sentiment/",
        downloads=(
            Download(
                "https://nlp.stanford.edu/sentiment/trainDevTestTrees_PTB.zip",
                789_539,
                "5c613a4f673fc74097d523a2c83f38e0cc462984d847b82c7aaf36b01cbbbfcc",
            ),
        ),
        layout=sentiment_treebank,
        columns=("text", "label"),
        parts={"train": 6_920, "validation": 872, "test": 1_821},
    ),
    Dataset(
        name="uci",
        about="Sentiment Labelled Sentences, three domains; uci:imdb is cut from imdb:test "
        "(Kotzias et al., 2015)",
        licence="CC BY 4.0",
        home="https://archive.ics.uci.edu/dataset/331/sentiment+labelled+sentences",
        downloads=(
            Download(
                "https://archive.ics.uci.edu/static/public/331/sentiment+labelled+sentences.zip",
                84_188,
            ),
        ),
        layout=uci_sentences,
        columns=("text", "label", "domain"),
        parts={"amazon": 1_000, "imdb": 1_000, "yelp": 1_000},
    ),
    Dataset(
        name="amazon_polarity",
        about="Amazon reviews of 1, 2, 4 and 5 stars, with titles (Zhang et al., 2015)",
        licence="none stated by its authors; the reviews are from Amazon, for research",
        home="https://course.fast.ai/datasets",
        downloads=(
            Download(
                "https://s3.amazonaws.com/fast-ai-nlp/amazon_review_polarity_csv.tgz",
                688_339_454,
                "d2a3ee7a214497a5d1b8eaed7c8d7ba2737de00ada3b0ec46243983efa100361",
            ),
        ),
        layout=amazon_polarity,
        columns=("title", "text", "label"),
        parts={"train": 3_600_000, "test": 400_000},
    ),
    Dataset(
        name="yelp_polarity",
        about="Yelp reviews of 1, 2, 3 and 4 stars, 3 taken as positive (Zhang et al., 2015)",
        licence="terms of the Yelp dataset: academic, non-commercial use",
        home="https://course.fast.ai/datasets",
        downloads=(
            Download(
                "https://s3.amazonaws.com/fast-ai-nlp/yelp_review_polarity_csv.tgz",
                166_373_201,
                "528f22e286cad085948acbc3bea7e58188416546b0e364d0ae4ca0ce666abe35",
            ),
        ),
        layout=yelp_polarity,
        columns=("text", "label"),
        parts={"train": 560_000, "test": 38_000},
    ),
    Dataset(
        name="tweet_eval",
        about="TweetEval: the tweets of SemEval 2017, also neutral ones (Barbieri et al., 2020)",
        licence="CC BY 3.0; the tweets under the terms of Twitter",
        home="https://github.com/cardiffnlp/tweeteval",
        downloads=(
            Download(f"{_TWEETS}/train_text.txt", 4_970_000),
            Download(f"{_TWEETS}/train_labels.txt", 91_230),
            Download(f"{_TWEETS}/val_text.txt", 220_000),
            Download(f"{_TWEETS}/val_labels.txt", 4_000),
            Download(f"{_TWEETS}/test_text.txt", 1_160_000),
            Download(f"{_TWEETS}/test_labels.txt", 24_568),
        ),
        layout=tweet_eval,
        columns=("text", "label"),
        parts={"train": 45_615, "validation": 2_000, "test": 12_284},
    ),
)
CATALOG: Mapping[str, Dataset] = MappingProxyType({dataset.name: dataset for dataset in _ALL})
