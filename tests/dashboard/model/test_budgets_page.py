"""The sheet of budgets by its callbacks, and how budgets stand in the header."""

from __future__ import annotations

import json

import pytest

import engine
from dashboard.ids import Model, Shell
from dashboard.pages.model import totals
from dashboard.pages.model.budget_marks import apart, bar, chips, gauge, listed
from dashboard.pages.model.budgets import ENTRIES
from dashboard.queries.budgets import key
from engine.recipe import Totals, judge, parse
from tests.acceptance.recipes import BAD_BUDGET_FILES, BAD_BUDGETS

T = Totals(0.02, 0.5, 0.1, 0.01, 2_000_000, 300_000, 10**9, 10**6, 10, 0)
FAST = parse("latency<=34ms")


def verdicts(*texts, of=T):
    made = [parse(t, battery_j=54e3) if "battery" in t else parse(t) for t in texts]
    return judge(of, made, engine.target("phone-npu"), 30.0)


@pytest.fixture
def posted(client, app, add):
    """Post what a person did to a callback of the sheet; (what it answers, the model)."""
    model = add()
    client.get("/_dash-dependencies")

    def post(output, changed, draft=None, **values):
        keys = [k for k in app.callback_map if str(output) in k]
        name = next(k for k in keys if app.callback_map[k].get("callback"))
        spec = app.callback_map[name]
        pairs = [o.strip(".").rsplit(".", 1) for o in name.split("...")]
        outputs = [{"id": i, "property": p} for i, p in pairs]
        clicked = str(changed)

        def part(wire):
            if wire["id"].startswith("{"):
                kind = json.loads(wire["id"])
                index = values.get("index", "none")
                mine = kind["type"] == changed
                value = 1 if mine else None
                return [{"id": {**kind, "index": index}, "property": wire["property"],
                         "value": value}]  # fmt: skip
            given = {
                str(Model.MODEL): values.get("model", model), str(Model.DRAFT): draft,
                str(Model.BUDGET_WAS): values.get("was", ""),
                **{str(id): values.get(name, "") for name, id in ENTRIES.items()},
                str(Model.BUDGET_METRIC): values.get("metric", "latency"),
                str(Model.BUDGET_UNIT): values.get("unit", "ms"),
                str(Model.BUDGET_USE): values.get("use", ""),
                str(Model.BUDGET_TEXT): values.get("line"),
                str(Model.BUDGET_JSON): values.get("text"),
            }  # fmt: skip
            value = 1 if wire["property"] in ("n_clicks", "n_submit") else given.get(wire["id"])
            if wire["property"] in ("n_clicks", "n_submit") and wire["id"] != clicked:
                value = None
            return {"id": wire["id"], "property": wire["property"], "value": value}

        if changed == Model.BUDGET_REMOVE:
            id = {"index": values["index"], "type": str(changed)}
            clicked = json.dumps(id, separators=(",", ":"))
        body = {
            "output": name,
            "outputs": outputs if name.startswith("..") else outputs[0],
            "inputs": [part(w) for w in spec["inputs"]],
            "state": [part(w) for w in spec["state"]],
            "changedPropIds": [f"{clicked}.n_clicks"],
        }
        answer = client.post("/_dash-update-component", json=body)
        assert answer.status_code in (200, 204), answer.text
        return answer.text

    post.model = model
    return post


def said(answer, place):
    """The sentence at a field."""
    body = json.loads(answer)["response"]
    return body[f"{Model.BUDGET_FAULT}-{place}"]["children"]


def test_a_budget_of_the_form_is_kept_and_told(posted, services):
    answer = posted(Model.BUDGET_WAS, Model.BUDGET_SAVE, limit="34")
    assert services.budgets.of(posted.model) == (FAST,)
    assert key(FAST) in answer  # the page hears what holds now
    changed = posted(Model.BUDGET_WAS, Model.BUDGET_SAVE, limit="40", was=key(FAST))
    assert services.budgets.of(posted.model) == (parse("latency<=40ms"),)
    assert said(changed, "limit") == ""


def test_what_is_wrong_is_said_at_its_field_and_nothing_changes(posted, services):
    services.budgets.add(posted.model, [FAST])
    for values, place, words in (
        ({"limit": "soon"}, "limit", "is no number"),
        ({"metric": "battery", "limit": "5", "unit": "%"}, "battery", "is needed"),
        ({"limit": "40", "was": "gone"}, "limit", "no longer there"),
    ):
        answer = posted(Model.BUDGET_WAS, Model.BUDGET_SAVE, **values)
        assert words in said(answer, place), values
    answer = posted(Model.BUDGET_WAS, Model.BUDGET_SAVE, limit="40", model="gone")
    (notice,) = json.loads(answer)["sideUpdate"][Shell.NOTICES]["sendNotifications"]
    assert "no such model" in notice["message"]
    assert services.budgets.of(posted.model) == (FAST,)


@pytest.mark.parametrize(("line", "words"), BAD_BUDGETS, ids=[t[:30] for t, _ in BAD_BUDGETS])
def test_a_bad_line_gets_its_sentence(posted, services, line, words):
    answer = posted(f"{Model.BUDGET_TEXT}.value", Model.BUDGET_TEXT_ADD, line=line)
    assert words in said(answer, "line")
    assert services.budgets.of(posted.model) == ()


def test_a_line_puts_several(posted, services):
    line = "latency<=34ms size<=2.5MB battery<=5% --battery 15Wh"
    posted(f"{Model.BUDGET_TEXT}.value", Model.BUDGET_TEXT_ADD, line=line)
    assert [b.metric for b in services.budgets.of(posted.model)] == ["latency", "size", "battery"]


def test_json_is_shared_and_a_bad_text_refused(posted, services):
    text = engine.write_budgets((FAST, parse("fps=30")))
    assert said(posted(f"{Model.BUDGET_FAULT}-json", Model.BUDGET_PUT, text=text), "json") == ""
    assert engine.write_budgets(services.budgets.of(posted.model)) == text
    for bad, words in BAD_BUDGET_FILES:
        answer = posted(f"{Model.BUDGET_FAULT}-json", Model.BUDGET_PUT, text=bad)
        assert words in said(answer, "json")
    assert engine.write_budgets(services.budgets.of(posted.model)) == text


def test_one_is_removed(posted, services):
    services.budgets.add(posted.model, [FAST, parse("fps=30")])
    answer = posted(f"{Model.BUDGETS}.data", Model.BUDGET_REMOVE, index=key(FAST))
    assert services.budgets.of(posted.model) == (parse("fps=30"),)
    assert key(FAST) not in answer


def test_an_analysis_has_its_own_or_those_of_the_model(posted, services):
    model, budgets = posted.model, services.budgets
    budgets.add(model, [FAST])
    analysis = services.store.analyses.create(model, "tight", '{"schema":1,"rules":[]}').id
    draft = {"analysis": analysis}
    posted(f"{Model.BUDGETS}.data", Model.BUDGET_APART, draft)
    posted(Model.BUDGET_WAS, Model.BUDGET_SAVE, draft, limit="10")
    assert budgets.of(model) == (FAST,)
    assert budgets.of(model, analysis) == (FAST, parse("latency<=10ms"))
    for one in budgets.of(model, analysis):
        posted(f"{Model.BUDGETS}.data", Model.BUDGET_REMOVE, draft, index=key(one))
    assert budgets.held(model, analysis).budgets == ()  # its own, and none
    assert budgets.held(model, analysis).analysis == analysis
    posted(f"{Model.BUDGETS}.data", Model.BUDGET_JOIN, draft)
    assert budgets.of(model, analysis) == (FAST,)
    assert budgets.of(model, "no such") == (FAST,)


def text_of(*components):
    return json.dumps(components, default=lambda c: c.to_plotly_json(), ensure_ascii=False)


def row(of, found, base=T):
    return totals.totals_row(base, of, "", "fp32", 30.0, verdicts=found)


def test_a_budget_stands_in_its_total_the_others_below():
    found = verdicts("latency<=18.7ms", "size<=2.5MB", "fps>=30", "heat<=80%", "battery<=5%")
    drawn = row(T, found)
    assert len(drawn) == 7
    latency, size, below = (text_of(drawn[k]) for k in (0, 3, 6))
    assert "▲ 7 % over 18.7 ms" in latency
    assert "meets 30 fps: could run at 50.0" in latency  # stays what it was
    assert "20 % under 2.5 MB" in size
    assert "67 % above 30 fps" in below
    assert "not known, limit 80 %" in below
    assert "assumed" in below
    assert len(row(T, ())) == 6


def test_of_two_budgets_on_one_total_the_worse_stands_in_it():
    found = verdicts("latency<=34ms", "latency<=10ms")
    held, others = apart(found)
    assert held["latency"] is found[1]
    assert others == [found[0]]
    unknown, met = verdicts("accuracy>=75%", "latency<=1s")
    assert apart((unknown, met))[0] == {"accuracy": unknown, "latency": met}


def test_unknown_totals_have_no_bar_to_read():
    blank = Totals(None, None, None, 0.0, None, None, None, 1, 9, 4)
    found = verdicts("latency<=34ms", "accuracy>=75%", of=blank)
    drawn = row(blank, found, blank)
    assert "unknown: 4 of 9 tasks" in text_of(drawn[0])
    assert "limit 34 ms" in text_of(drawn[0])
    assert "limit 75 %" in text_of(drawn[5])
    assert "--fill" not in text_of(*drawn)


@pytest.mark.parametrize(
    ("text", "fill", "hatched", "limit"),
    [
        ("latency<=40ms", 0.5, 0.5, 1.0),  # half of it is used
        ("latency<=10ms", 0.5, 0.5, 0.5),  # as much again beyond it
        ("latency<=20ms", 1.0, 1.0, 1.0),
        ("fps>=100", 0.5, 0.5, 1.0),  # half of it is missing
        ("fps>=25", 1.0, 0.5, 0.5),  # twice as much as is asked for
    ],
)
def test_a_bar_by_hand(text, fill, hatched, limit):
    found = bar(verdicts(text)[0])
    style = {k: float(v) for k, v in found.style.items()}
    assert style == {"--fill": fill, "--from": hatched, "--limit": limit}
    assert ("over" in found.className) == (verdicts(text)[0].met is False)


def test_every_mark_has_words():
    found = verdicts("latency<=10ms", "fps>=25", "accuracy>=75%")
    said_ = text_of(*listed(found))
    for word in ("missed", "met", "not known", "needs −50 %", "Accuracy is not evaluated."):
        assert word in said_
    assert "needs −50 %" in gauge(found[0]).title
    assert all(v.sentence in text_of(chips(found)) for v in found)
    assert "No budgets yet" in text_of(*listed(()))
    assert "newer" in text_of(*listed((), "it is newer"))
