#!/usr/bin/env python3
"""A worker in Python: it takes tasks over HTTP, keeps what is warm in memory, and lets go when it is told to.

    tenure serve &
    python3 examples/worker.py http://127.0.0.1:7433 greeter-1
"""
import json, os, sys, threading, time, urllib.error, urllib.request

URL, NAME = sys.argv[1], sys.argv[2]
TTL_MS = 5_000
stopping = threading.Event()
warm = {}  # what was computed for each key, for as long as the key is this worker's


def ask(method, path, body=None, timeout=60):
    headers = {"Content-Type": "application/json"}
    if os.environ.get("TENURE_TOKEN"):
        headers["Authorization"] = "Bearer " + os.environ["TENURE_TOKEN"]
    request = urllib.request.Request(URL + path, json.dumps(body or {}).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return json.load(answer)


def greet(task):
    """An activity that follows a key: the second greeting of a conversation finds the first one warm."""
    key = task["pin"]["key"]
    if task["pin"]["hold"] != "held":
        warm[key] = []  # another worker had the key before, or an earlier start of this one: begin anew
    warm[key].append(task["input"])
    return {"text": f"Hello, {task['input']}", "turns": len(warm[key]), "by": NAME, "pid": os.getpid()}


ACTIVITIES = {"greet": greet}


def run(mine, task):
    path, fence = f"{mine}/tasks/{task['task']}", task["fence"]
    code = ACTIVITIES.get(task["activity"])
    if code is None:
        return ask("POST", f"{path}/hand-back", {"fence": fence, "lacks_code": True})
    try:
        return ask("POST", f"{path}/complete", {"fence": fence, "output": code(task)})
    except Exception as error:  # whatever went wrong is told, and tried again as the activity's retries say
        return ask("POST", f"{path}/fail", {"fence": fence, "message": repr(error)})


def keep(mine):
    loops = 0
    while not stopping.wait(TTL_MS / 3000):
        told = ask("POST", f"{mine}/renew", {"progress": (loops := loops + 1)})
        if told["draining"]:
            stopping.set()


mine = "/v1/workers/" + ask("POST", "/v1/workers", {"id": NAME, "ttl_ms": TTL_MS, "replace": True})["registration"]
threading.Thread(target=keep, args=[mine], daemon=True).start()
print("ready", flush=True)
while not stopping.is_set():
    for task in ask("POST", f"{mine}/tasks/claim", {"limit": 10, "wait_ms": 20_000})["tasks"]:
        run(mine, task)
ask("DELETE", mine)
