"""Neighbour graphs by the peers, one process a run: python graph_peers.py METHOD EFFORT X.npy K OUT.npy THREADS.

EFFORT is the search effort of the method (ef, nprobe, expansion, candidates), or "auto:0.99": the smallest effort of a
ladder that reaches the recall on 500 rows; looking for it is not timed. Prints one JSON object.
"""
import json
import resource
import sys
import time

import faiss
import numpy as np

method, effort, x_file, k, out, threads = sys.argv[1:7]
k, threads = int(k), int(threads)
x = np.load(x_file)
x /= np.linalg.norm(x, axis=1, keepdims=True)
n, d = x.shape
faiss.omp_set_num_threads(threads)


def exact(rows):
    flat = faiss.IndexFlatIP(d)
    flat.add(x)
    return drop_self(flat.search(x[rows], k + 1)[1], rows)


def drop_self(ids, rows):
    """Without the row itself, cut to k."""
    ids = np.asarray(ids, dtype=np.int64)
    own = ids == np.asarray(rows)[:, None]
    own[~own.any(axis=1), -1] = True
    return ids[~own].reshape(len(ids), -1)[:, :k]


def clocks():
    """Wall clock, and processor time of all threads."""
    return np.array([time.perf_counter(), time.process_time()])


def since(start):
    return clocks() - start


def recall(found, truth):
    return float(np.mean([len(np.intersect1d(a, b)) / k for a, b in zip(found, truth)]))


def build_hnswlib():
    import hnswlib

    index = hnswlib.Index(space="cosine", dim=d)
    index.init_index(max_elements=n, ef_construction=100, M=16)
    index.set_num_threads(threads)
    index.add_items(x)

    def search(rows, e):
        index.set_ef(max(k + 1, e))
        return index.knn_query(x[rows], k=k + 1, num_threads=threads)[0]

    return search, [51, 64, 80, 100, 130, 170, 220, 300, 400, 600]


def build_faiss_ivf():
    cells = int(4 * np.sqrt(n))
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(d), d, cells, faiss.METRIC_INNER_PRODUCT)
    index.cp.max_points_per_centroid = 64
    index.train(x)
    index.add(x)

    def search(rows, e):
        index.nprobe = e
        return index.search(x[rows], k + 1)[1]

    return search, [4, 8, 12, 16, 24, 32, 40, 48, 64, 96, 128, 192, 256, 512]


def build_faiss_hnsw():
    index = faiss.IndexHNSWFlat(d, 16, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 100
    index.add(x)

    def search(rows, e):
        index.hnsw.efSearch = max(k + 1, e)
        return index.search(x[rows], k + 1)[1]

    return search, [51, 64, 80, 100, 130, 170, 220, 300, 400, 600]


def build_usearch():
    from usearch.index import Index

    index = Index(ndim=d, metric="cos", dtype="f32", connectivity=16, expansion_add=100)
    index.add(np.arange(n), x, threads=threads)

    def search(rows, e):
        index.expansion_search = max(k + 1, e)
        return index.search(x[rows], k + 1, threads=threads).keys

    return search, [51, 64, 80, 100, 130, 170, 220, 300, 400, 600]


def run_pynndescent():
    from pynndescent import NNDescent

    NNDescent(x[:2000], metric="cosine", n_neighbors=k + 1, n_jobs=threads, random_state=1)  # compiles; not timed
    candidates = None if effort.startswith("auto") else int(effort)
    start = clocks()
    index = NNDescent(x, metric="cosine", n_neighbors=k + 1, n_jobs=threads, random_state=1, max_candidates=candidates)
    ids = drop_self(index.neighbor_graph[0], np.arange(n))
    return ids, since(start), effort


def run_index(build):
    start = clocks()
    search, ladder = build()
    built = since(start)
    chosen = None if effort.startswith("auto") else int(effort)
    if chosen is None:
        goal = float(effort.split(":")[1])
        rows = np.random.default_rng(1).choice(n, min(n, 500), replace=False)
        truth = exact(rows)
        for chosen in ladder:
            if recall(drop_self(search(rows, chosen), rows), truth) >= goal:
                break
    start = clocks()
    ids = drop_self(search(np.arange(n), chosen), np.arange(n))
    return ids, built + since(start), chosen


if method == "truth":
    rows = np.random.default_rng(7).choice(n, min(n, 1000), replace=False)
    np.save(out, np.column_stack([rows, exact(rows)]).astype(np.int32))
    print("{}")
else:
    builders = {
        "hnswlib": build_hnswlib,
        "faiss IVF": build_faiss_ivf,
        "faiss HNSW": build_faiss_hnsw,
        "usearch": build_usearch,
    }
    ids, (seconds, cpu), chosen = run_pynndescent() if method == "pynndescent" else run_index(builders[method])
    np.save(out, ids.astype(np.int32))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"effort": str(chosen), "seconds": seconds, "cpu_seconds": cpu, "peak_mib": round(peak)}))
