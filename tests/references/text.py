"""Writes text.json: scikit-learn's and gensim's TF-IDF and rank-bm25's scores, on made documents and
on the State of the Union addresses that the library embeds.

Needs scikit-learn 1.9.1, gensim 4.4.0 and rank-bm25 0.2.2.
"""

import json
from importlib import metadata
from pathlib import Path

import gensim
import numpy as np
import sklearn
from rank_bm25 import BM25Okapi
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from place import fixture

assert sklearn.__version__ == "1.9.1" and gensim.__version__ == "4.4.0"
assert metadata.version("rank-bm25") == "0.2.2"
rng = np.random.default_rng(24)
stems = ["fish", "Sky", "naïve", "RED", "blue", "río", "it's", "x", "a_b", "42nd", "Straße", "月光"]
words = stems + [f"w{i}" for i in range(60)]
share = 1 / np.arange(1, len(words) + 1)
documents = []
for _ in range(40):
    picked = rng.choice(words, rng.integers(1, 40), p=share / share.sum())
    documents.append(" ".join(w + rng.choice([" ", ", ", "! ", "-"]) for w in picked))


def told(**options):
    model = TfidfVectorizer(**options)
    matrix = model.fit_transform(documents)
    return {
        "vocabulary": model.get_feature_names_out().tolist(),
        "idf": model.idf_.tolist(),
        "rows": matrix.toarray().round(17).tolist(),
    }


counts = CountVectorizer()
dense = counts.fit_transform(documents).toarray()
tokens = [counts.build_analyzer()(d) for d in documents]
# gensim: raw count times log2(N / df), then L2.
dictionary = gensim.corpora.Dictionary(tokens)
bags = [dictionary.doc2bow(t) for t in tokens]
model = gensim.models.TfidfModel(bags)
names = counts.get_feature_names_out().tolist()
theirs = np.zeros_like(dense, dtype=float)
for i, bag in enumerate(bags):
    for j, weight in model[bag]:
        theirs[i, names.index(dictionary[j])] = weight
query = ["fish", "sky", "w3", "fish", "unknown"]
okapi = BM25Okapi(tokens, k1=1.2, b=0.75)
# Robertson's idf; rank-bm25 would lift negative ones to a floor, so the formula stands here again.
df = (dense > 0).sum(0)
n, length = len(documents), dense.sum(1)
robertson = np.log((n - df + 0.5) / (df + 0.5))
lucene = np.log1p((n - df + 0.5) / (df + 0.5))
by_formula = []
for idf in (lucene, robertson):
    total = np.zeros(n)
    for word in query:
        if word in names:
            c = dense[:, names.index(word)]
            norm = 1.2 * (0.25 + 0.75 * length / length.mean())
            total += idf[names.index(word)] * c * 2.2 / (c + norm)
    by_formula.append(total.tolist())
rare = ["w40", "w41", "w12"]
HERE = Path(__file__).resolve().parent
speeches = (HERE.parents[1] / "src/data/sets/state_of_the_union/speeches.txt").read_text()
speeches = speeches.splitlines()[1::2]


def real(ngram):
    """Sizes, checksums and some rows of the matrix of all speeches; Lincoln's of 1862 is number 18."""
    model = TfidfVectorizer(ngram_range=ngram)
    matrix = model.fit_transform(speeches)
    terms = model.get_feature_names_out()
    lincoln = matrix[18].toarray().ravel()
    heaviest = np.argsort(-lincoln, kind="stable")[:50]
    return {
        "n_terms": len(terms),
        "nnz": int(matrix.nnz),
        "total": float(matrix.sum()),
        "idf_total": float(model.idf_.sum()),
        "lincoln": [[terms[j], float(lincoln[j])] for j in heaviest],
        "cosines": (matrix @ matrix[18].T).toarray().ravel().tolist(),
    }


out = {
    "documents": documents,
    "default": told(),
    "bigrams": told(ngram_range=(1, 2), min_df=2, max_df=0.5, sublinear_tf=True),
    "l1_stop": told(norm="l1", stop_words=["fish", "sky"], lowercase=True),
    "gensim": theirs.tolist(),
    "query": " ".join(query),
    "bm25": by_formula,
    "rare": " ".join(rare),
    "okapi": okapi.get_scores(rare).tolist(),
    "speeches": [real((1, 1)), real((1, 2))],
}
fixture(__file__).write_text(json.dumps(out, ensure_ascii=False))
