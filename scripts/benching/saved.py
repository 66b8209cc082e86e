"""Runs that were made one by one as the repeats of one, as `chat bench --save` writes it."""

import json
import math
import statistics

SUB_BITS = 7  # of lib/chat/base/histogram.hpp
PERCENTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999, "max": 1}


def merged(reports):
    """`reports`: of one workload on one server, as `chat bench --output json` prints them."""
    first = reports[0]
    return {
        **first,
        "interrupted": any(each["interrupted"] for each in reports),
        "flawed": any(each["flawed"] for each in reports),
        "good": all(each["good"] for each in reports),
        "warnings": texts_of(reports, "warnings"),
        "notes": texts_of(reports, "notes"),
        "figures": figures_of(reports),
        "latency": latency_of([each["latency"] for each in reports]),
        "seconds": [repeat for each in reports for repeat in each["seconds"]],
    }


def texts_of(reports, key):
    """Each once."""
    return list(dict.fromkeys(text for each in reports for text in each[key]))


def figures_of(reports):
    """In the order of the first that has each."""
    figures = {}
    for report in reports:
        for figure in report["figures"]:
            known = figures.setdefault(figure["name"], {**figure, "values": []})
            known["values"] = known["values"] + figure["values"]
    for figure in figures.values():
        values = figure["values"]
        figure.update(median=statistics.median(values), least=min(values), most=max(values))
    return list(figures.values())


def latency_of(latencies):
    counts = {}
    for latency in latencies:
        for bucket, count in latency["buckets"]:
            counts[bucket] = counts.get(bucket, 0) + count
    most = max(latency["max_ns"] for latency in latencies)
    buckets = sorted(counts.items())
    return {
        **latencies[0],
        "count": sum(counts.values()),
        **{f"{name}_ms": quantile(buckets, share, most) / 1e6
           for name, share in PERCENTILES.items()},
        "sum_ns": sum(latency["sum_ns"] for latency in latencies),
        "max_ns": most,
        "buckets": [list(bucket) for bucket in buckets],
    }


def quantile(buckets, share, most):
    """ns, as Histogram::quantile has it."""
    wanted = max(math.ceil(share * sum(count for _, count in buckets)), 1)
    seen = 0
    for index, count in buckets:
        seen += count
        if seen >= wanted:
            return min(highest_in(index), most)
    return most if buckets else 0


def highest_in(index):
    if index < 1 << SUB_BITS:
        return index
    shift = (index >> SUB_BITS) - 1
    return (((1 << SUB_BITS) + (index & ((1 << SUB_BITS) - 1))) << shift) + (1 << shift) - 1


def save(folder, name, reports):
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.json"
    file.write_text(json.dumps(merged(reports)) + "\n", encoding="utf-8")
    return file
