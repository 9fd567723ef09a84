"""The component ids of the page of behaviors; the others are in `ids.py`."""

from __future__ import annotations

from enum import StrEnum


class Behaviors(StrEnum):
    """What models of an experiment make of instances."""

    PAGE = "behaviors--page"
    ASK = "behaviors--ask"  # the query of the address
    DATA = "behaviors--data"  # see queries/behaviors_table.py
    HELD = "behaviors--held"  # key of the histograms that are shown
    SHOWN = "behaviors--shown"  # another value: the table is drawn, now what stands around it
    PAIRS = "behaviors--pairs"  # counts of pairs of their bars
    SIDE = "behaviors--side"
    BAR = "behaviors--bar"
    NOTICE = "behaviors--notice"
    TABLE = "behaviors--table"
    FOOT = "behaviors--foot"
    SHEET = "behaviors--sheet"
    LOAD = "behaviors--load"
    CANCEL = "behaviors--cancel"
    NEWS = "behaviors--news"  # another value: predictions came or a job moved
    FLAG = "behaviors--flag"  # {"id", "on"}
    FLAGS = "behaviors--flags"  # another value: flags changed
    EXPORT = "behaviors--export"
    FILE = "behaviors--file"  # what is downloaded
    FINDINGS = "behaviors--findings"
    REMEDY = "behaviors--remedy"  # one a finding and remedy
    REMEDIED = "behaviors--remedied"
    IMPORT = "behaviors--import"
    IMPORT_MODEL = "behaviors--import-model"
