#!/usr/bin/env python3
"""A worker in Python that keeps what is warm: `tenure serve & examples/worker.py http://127.0.0.1:7433 greeter-1`"""
import json, os, sys, threading, urllib.request

URL, NAME = sys.argv[1], sys.argv[2]
TTL_MS = 5_000
stopping = threading.Event()
warm = {}  # what is remembered of each key, for as long as the key is this worker's


def ask(method, path, body=None):
    headers = {"Content-Type": "application/json"}
    if token := os.environ.get("TENURE_TOKEN"):
        headers["Authorization"] = "Bearer " + token
    request = urllib.request.Request(URL + path, json.dumps(body or {}).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def greet(task):
    """An activity that follows a key: its second call finds what the first one left, if this worker still has the key."""
    pin = task["pin"]
    if pin["hold"] != "held":
        warm[pin["key"]] = []  # another worker had the key, or an earlier start of this one
    warm[pin["key"]].append(task["input"])
    return {"text": f"Hello, {task['input']}", "said": warm[pin["key"]], "hold": pin["hold"], "pid": os.getpid()}


ACTIVITIES = {"greet": greet}

def run(task):
    path, fence, code = f"{mine}/tasks/{task['task']}", task["fence"], ACTIVITIES.get(task["activity"])
    if code is None:
        return ask("POST", f"{path}/hand-back", {"fence": fence, "lacks_code": True})
    try:
        output = code(task)
    except Exception as error:  # it is told, and tried again as the activity's retries say
        return ask("POST", f"{path}/fail", {"fence": fence, "message": repr(error)})
    ask("POST", f"{path}/complete", {"fence": fence, "output": output})


def keep():
    loops, noticed = 0, 0
    while not stopping.wait(TTL_MS / 3000):
        told = ask("POST", f"{mine}/renew", {"progress": (loops := loops + 1), "noticed": noticed})
        for notice in told["notices"]:
            noticed = notice["notice"]
            warm.pop(notice.get("key"), None)  # somebody else has the key now
        if told["draining"]:
            stopping.set()


register = {"id": NAME, "ttl_ms": TTL_MS, "queues": ["python"], "replace": True}
mine = "/v1/workers/" + ask("POST", "/v1/workers", register)["registration"]
threading.Thread(target=keep, daemon=True).start()
print("ready", flush=True)
while not stopping.is_set():
    for task in ask("POST", f"{mine}/tasks/claim", {"limit": 10, "wait_ms": 20_000})["tasks"]:
        run(task)
ask("DELETE", mine)
