"""The part of the JSON API that is about usage: the table of its page as a file."""

from __future__ import annotations

from flask import Blueprint

from dashboard.api_experiments import attachment
from dashboard.arrival import Answer
from dashboard.queries import services
from dashboard.queries.usage import report, table_csv
from dashboard.urls import USAGE_CSV


def add_to(routes: Blueprint) -> None:
    """Add the route."""

    @routes.get(USAGE_CSV)
    def usage() -> Answer:
        found = report(services().store, services().settings)
        return attachment(table_csv(found), "usage.csv", "text/csv")
