"""Writes window.json: window functions and retention by SQLite and by DuckDB, which must agree.

Needs DuckDB 2.0.1; Python's own SQLite (3.28 or later: GROUPS and EXCLUDE). The rows are full of
ties. Where SQL leaves the order of ties open (ROW_NUMBER, NTILE, LAG, LEAD, ROWS frames) the query
breaks them by `id`, which is the order of the rows; FIRST_VALUE and its kin read a column that is
the same for ties.
"""

import json
import sqlite3

import duckdb
import numpy as np

from place import fixture

assert duckdb.__version__ == "2.0.1" and sqlite3.sqlite_version_info >= (3, 28)
rng = np.random.default_rng(13)
n = 36
rows = [
    (i, int(p), int(k), int(v), int(k) ** 2)
    for i, (p, k, v) in enumerate(
        zip(rng.integers(0, 3, n), rng.integers(0, 7, n), rng.integers(-20, 50, n))
    )
]
lite, duck = sqlite3.connect(":memory:"), duckdb.connect()
columns = "id INTEGER, p INTEGER, k INTEGER, v INTEGER, w INTEGER"
lite.execute(f"CREATE TABLE t ({columns})")
duck.execute(f"CREATE TABLE t ({columns})")
for db in (lite, duck):
    db.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", rows)


def both(query):
    """The answer of both engines, as floats or None."""
    answers = []
    for db in (lite, duck):
        answer = db.execute(query).fetchall()
        answers.append([[None if v is None else float(v) for v in row] for row in answer])
    assert answers[0] == answers[1], query
    return answers[0]


def case(function, call, ties, partitioned, descending, frame=None, argument=0):
    order = "k DESC" if descending else "k"
    over = ("PARTITION BY p " if partitioned else "") + f"ORDER BY {order}"
    if ties:
        over += ", id"
    words = ""
    if frame:
        mode, start, end, exclude = frame
        words = f" {mode} BETWEEN {start} AND {end} EXCLUDE {exclude}"
    sql = f"SELECT {call} OVER ({over}{words}) AS answer FROM t ORDER BY id"
    return {
        "sql": sql,
        "function": function,
        "argument": argument,
        "partitioned": partitioned,
        "descending": descending,
        "frame": frame,
        "answer": [row[0] for row in both(sql)],
    }


cases = []
for partitioned in (False, True):
    for descending in (False, True):
        how = (partitioned, descending)
        cases.append(case("row_number", "ROW_NUMBER()", True, *how))
        for name in ("rank", "dense_rank", "percent_rank", "cume_dist"):
            cases.append(case(name, f"{name.upper()}()", False, *how))
        for buckets in (1, 4, 5, 50):
            cases.append(case("ntile", f"NTILE({buckets})", True, *how, argument=buckets))
        for offset in (0, 1, 3):
            cases.append(case("lag", f"LAG(v, {offset})", True, *how, argument=offset))
            cases.append(case("lead", f"LEAD(v, {offset})", True, *how, argument=offset))

bounds = ["UNBOUNDED PRECEDING", "3 PRECEDING", "1 PRECEDING", "0 PRECEDING", "CURRENT ROW"]
bounds += ["0 FOLLOWING", "1 FOLLOWING", "2 FOLLOWING", "UNBOUNDED FOLLOWING"]
excludes = ["NO OTHERS", "CURRENT ROW", "GROUP", "TIES"]
aggregates = ["SUM", "AVG", "COUNT", "MIN", "MAX"]


def kind(bound):
    words = ("UNBOUNDED PRECEDING", "PRECEDING", "CURRENT ROW", "FOLLOWING", "UNBOUNDED FOLLOWING")
    return words.index(bound if bound in words else bound.split()[1])


frames = [
    (mode, start, end, exclude)
    for mode in ("ROWS", "RANGE", "GROUPS")
    for start in bounds
    for end in bounds
    for exclude in excludes
    if kind(start) <= kind(end) and kind(start) < 4 and kind(end) > 0
    # With ties broken by id every row is alone in its group.
    and (mode != "ROWS" or exclude in ("NO OTHERS", "CURRENT ROW"))
]
frames = [frames[i] for i in sorted(rng.choice(len(frames), 90, replace=False))]
frames.append(("RANGE", "UNBOUNDED PRECEDING", "CURRENT ROW", "NO OTHERS"))
for i, frame in enumerate(frames):
    how = (i % 2 == 0, i % 3 == 0)
    ties = frame[0] == "ROWS"
    aggregate = aggregates[i % 5]
    cases.append(case(aggregate, f"{aggregate}(v)", ties, *how, frame))
    name, argument = [("first_value", 0), ("last_value", 0), ("nth_value", 2)][i % 3]
    call = f"{name.upper()}(w{', 2' if argument else ''})"
    cases.append(case(name, call, ties, *how, frame, argument))

# Retention of 60 users over 120 days, by weeks from day 0 and by months of the calendar.
events = []
for user in range(60):
    first = int(rng.integers(0, 90))
    days = first + rng.geometric(0.08, rng.integers(1, 8)).cumsum() - 1
    events += [(user, int(day)) for day in days]
rng.shuffle(events)
events = [[int(u), int(d)] for u, d in events]
for db in (lite, duck):
    db.execute("CREATE TABLE e (u INTEGER, day INTEGER)")
    db.executemany("INSERT INTO e VALUES (?, ?)", events)


def retention(period):
    query = f"""
        WITH seen AS (SELECT DISTINCT u, {period} AS p FROM e),
             aged AS (SELECT u, p, MIN(p) OVER (PARTITION BY u) AS c FROM seen)
        SELECT c, p - c AS age, COUNT(*) FROM aged GROUP BY c, p - c ORDER BY c, age"""
    return query


week = both(retention("CAST(FLOOR(day / 7.0) AS INTEGER)"))
# Dates are each engine's own.
month_lite = "(strftime('%Y', day * 86400, 'unixepoch') - 1970) * 12"
month_lite += " + strftime('%m', day * 86400, 'unixepoch') - 1"
month_duck = "(year(DATE '1970-01-01' + day) - 1970) * 12 + month(DATE '1970-01-01' + day) - 1"
month = lite.execute(retention(month_lite)).fetchall()
assert month == duck.execute(retention(month_duck)).fetchall()
out = {
    "sqlite": sqlite3.sqlite_version,
    "duckdb": duckdb.__version__,
    "rows": rows,
    "cases": cases,
    "events": events,
    "week": [[int(v) for v in row] for row in week],
    "month": month,
}
fixture(__file__).write_text(json.dumps(out))
print(len(cases), "cases")
