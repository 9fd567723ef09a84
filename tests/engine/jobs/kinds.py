"""Kinds of units that behave badly, for the tests of the worker: `run(args, place)`."""

from __future__ import annotations

import os
import time

from engine.errors import EngineError


def run(args, place):
    """Do as told: "sleep" s, "die", "fail", "eat" bytes, "hang" (holds on, deaf); counts starts."""
    if args.get("count"):
        with open(args["count"], "a") as file:
            file.write(f"{args.get('n', 0)}\n")
    if args.get("die"):
        os.kill(os.getpid(), 9)
    if args.get("fail"):
        raise EngineError("this unit cannot be done")
    if args.get("eat"):
        held = []
        for _ in range(args["eat"] >> 24):
            held.append(os.urandom(1 << 20) * 16)
            time.sleep(0.02)
    end = time.monotonic() + args.get("sleep", 0.0)
    while time.monotonic() < end:
        time.sleep(0.02)
        if not args.get("deaf"):
            place.report(1 - (end - time.monotonic()) / args["sleep"], "sleeping")
    return {"n": args.get("n", 0)}
