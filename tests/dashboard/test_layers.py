"""The page Layers without a browser: what is ready, rows, order, pattern, address, states."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from dashboard import findings
from dashboard.ids import Layers
from dashboard.pages.layers import callbacks, layout, states, table
from dashboard.queries import offspring, remedies
from dashboard.queries.layer_places import place, tasks_of
from dashboard.queries.layer_rows import ROWS, figure, keys_of, rows, unmatched
from dashboard.queries.layers import complete
from dashboard.urls_layers import MOST, LayersView, asked, build, from_query
from engine import layers as ly
from engine.compress import Figure
from engine.errors import EngineError
from engine.layers import Finding, Remedy
from tests.dashboard.test_operate import npz, work
from tests.engine.compress.nets import small
from tests.engine.experiments.forests import body, model

TREE = body(
    model("root", metrics={"Accuracy": 0.9, "Size": 40}),
    model("p5", "root", "prune", amount=0.5, metrics={"Accuracy": 0.6, "Size": 20}),
    model("p9", "root", "prune", amount=0.9, metrics={"Accuracy": 0.3, "Size": 10}),
    model("int8", "root", "quantize_static", metrics={"Accuracy": 0.8, "Size": 10}),
    model("odd", "root", "distill", metrics={"Accuracy": 0.7, "Size": 10}),
)


@pytest.fixture
def key(services, tmp_path):
    """An experiment with the file of its root and some samples."""
    file = tmp_path / "tree.json"
    file.write_text(json.dumps(TREE))
    key = services.experiments.add(file, "tree.json")[0].id
    row, found = services.experiments.get(key)
    digest = offspring.kept(services.store, small())
    offspring.attach_model(services.store, row, "root", digest, "small")
    random = np.random.default_rng(0)
    samples = npz(x=random.normal(size=(40, 3, 8, 8)).astype(np.float32),
                  labels=random.integers(0, 4, 40))  # fmt: skip
    offspring.attach_data(services.store, row, found, "root", "some.npz", samples)
    return key


def view_of(services, key, **given):
    row, found = services.experiments.get(key)
    return row, found, complete(found, LayersView(experiment_id=row.id, **given))


def test_an_address_says_all_and_nothing_odd(services):
    view = LayersView("x1", (3, 1), 0, "activations", "all", "cosine", 3, True, "^a.*b", (1, 2, 3),
                      2, "a.b")  # fmt: skip
    address = build(view)
    query = dict(p.split("=") for p in address.partition("?")[2].split("&"))
    assert query["models"] == "3.1"
    from urllib.parse import parse_qs

    assert from_query("x1", parse_qs(address.partition("?")[2])) == view
    assert asked("x1", json.loads(json.dumps(asdict(view)))) == view
    usual = LayersView("x1")
    for odd in (None, 7, {"models": "x", "by": [], "page": "z"}, {"opened": [None, -1, "9" * 40]},
                {"show": "no", "bins": 3, "key": "'", "models": [{}, True]}):  # fmt: skip
        assert asked("x1", odd) == usual
    for text in ("3.1.5-7", "3,1,5-7", " 3, 1 ,5-7,,x,9-2"):
        assert from_query("x1", {"models": text}).models == (3, 1, 5, 6, 7)


def test_the_base_is_the_nearest_that_all_come_from(services, key):
    _, _, view = view_of(services, key, models=(1, 2))
    assert (view.base, view.models) == (0, (1, 2))
    assert view_of(services, key, models=(1,))[2].base == 0
    assert view_of(services, key, models=(0, 1))[2].models == (1,)
    assert view_of(services, key, models=(77,), base=99)[2].models == ()
    assert view_of(services, key)[2].base == 0
    _, found, _ = view_of(services, key)
    wide = replace(found, models=found.models * 20)
    many = from_query("x1", {"models": "1-40", "base": "0"})
    assert complete(wide, many).models == tuple(range(1, MOST + 1))


def test_small_weights_are_compared_at_once_and_kept(services, key):
    row, found, view = view_of(services, key, models=(1, 2))
    first = services.layers.sides(row, found, view)
    assert [s.state for s in first] == ["ready"] * 3
    again = services.layers.sides(row, found, view, quick=False)
    assert [s.digest for s in first] == [s.digest for s in again]
    modules = services.layers.tree(first)
    told = rows(modules, found, view, first)
    assert not told.flat
    assert told.lines[0].module.sums[1].sparsity > 0.4
    leaf = next(m for m in modules.values() if m.leaf and m.role == "weight")
    assert figure(leaf, 2, "sparsity")[0].startswith("+")
    assert unmatched(found, first) == []


def test_rows_unfold_order_and_filter(services, key):
    row, found, view = view_of(services, key, models=(1, 2))
    sides = services.layers.sides(row, found, view)
    modules = services.layers.tree(sides)
    closed = rows(modules, found, view, sides)
    parent = next(line for line in closed.lines if line.below)
    opened = rows(modules, found, replace(view, opened=(parent.id,)), sides)
    assert opened.count > closed.count
    child = next(line for line in opened.lines if line.depth == 1)
    assert child.module.parent == parent.module.name
    flat = rows(modules, found, replace(view, by=2), sides)
    assert flat.flat
    assert "p9" in flat.sentence
    assert "flat" in flat.sentence
    values = [m.module.sums[2].relative for m in flat.lines]
    assert values == sorted(values, reverse=True)
    up = rows(modules, found, replace(view, by=2, up=True), sides)
    assert [m.module.sums[2].relative for m in up.lines] == sorted(values)
    worst = rows(modules, found, replace(view, by=2, key="sqnr_db"), sides)
    known = [m.module.sums[2].sqnr_db for m in worst.lines]
    assert known == sorted(known)
    bad = rows(modules, found, replace(view, search="(["), sides)
    assert "pattern" in bad.fault
    assert "unclosed" in bad.fault
    assert bad.count == closed.count
    none = rows(modules, found, replace(view, search="nothing-has-this"), sides)
    assert none.count == 0
    slow = rows(modules, found, replace(view, search="(a+)+$" * 20), sides)
    assert slow.count == 0


def test_figures_that_are_none_say_so(services, key):
    row, found, view = view_of(services, key, models=(1,))
    sides = services.layers.sides(row, found, view)
    module = next(m for m in services.layers.tree(sides).values() if m.leaf)
    same = replace(module, sums=(module.sums[0], module.sums[0]))
    assert figure(same, 1, "sqnr_db")[0] == "same"
    empty = replace(module.sums[1], square=0.0, product=0.0)
    text, why = figure(replace(module, sums=(module.sums[0], empty)), 1, "cosine")
    assert (text, "all zeros" in why) == ("NaN", True)
    bad = replace(module.sums[1], bad=module.sums[1].count)
    assert figure(replace(module, sums=(module.sums[0], bad)), 1, "change")[0] == "NaN"
    assert figure(replace(module, sums=(module.sums[0], None)), 1, "change")[0] == "–"


def test_activations_come_from_a_job_once(services, key):
    row, found, view = view_of(services, key, models=(1,), show="activations")
    sides = services.layers.sides(row, found, view)
    assert [s.state for s in sides] == ["missing"] * 2
    assert "Load: 2 models" in str(states.status(found, sides))
    job = services.layers.start(row, found, view)
    assert services.layers.start(row, found, view) is None  # under way
    assert [s.state for s in services.layers.sides(row, found, view)] == ["queued"] * 2
    work(services)
    done = services.store.jobs.get(job.id)
    assert done.state == "done", [u.words for u in done.units]
    assert "layers" not in done.units[0].result
    sides = services.layers.sides(row, found, view)
    assert [s.state for s in sides] == ["ready"] * 2
    modules = services.layers.tree(sides)
    assert all(m.role in ("", "activation") for m in modules.values())
    told = rows(modules, found, view, sides)
    assert told.keys[0] in keys_of(view, 1)
    assert services.layers.start(row, found, view) is None


def test_weights_that_need_data_come_from_a_job(services, key):
    row, found, view = view_of(services, key, models=(3,))
    assert [s.state for s in services.layers.sides(row, found, view)] == ["ready", "missing"]
    services.layers.start(row, found, view)
    assert services.layers.cancel(row) == 1
    services.layers.start(row, found, view)
    work(services)
    sides = services.layers.sides(row, found, view)
    assert [s.state for s in sides] == ["ready", "ready"], sides[1].words


def test_a_model_without_a_file_says_what_is_missing(services, key):
    row, found, view = view_of(services, key, models=(4,))
    sides = services.layers.sides(row, found, view)
    assert sides[1].state == "none"
    assert "no step of ours" in str(states.instead(view, found, sides))
    none = states.instead(replace(view, models=()), found, sides[:1])
    assert "Choose a model" in str(none)


def test_a_layer_leads_to_its_task_and_its_line(app, services, key):
    row, found, _ = view_of(services, key)
    names = ["w", "last"]
    found_at = place(services.store, services.model, row, found, 1, names[0], "code")
    assert (found_at.dock, len(found_at.selection)) == ("code", 1)
    compiled = services.model.compilation(found_at)
    task = compiled.graph.ops[found_at.selection[0]]
    assert any("w" in op.inputs for op in task.parts)
    made = next(t for op in task.parts for t in op.outputs)
    assert tasks_of(compiled, made) == found_at.selection
    with pytest.raises(EngineError, match="no task"):
        place(services.store, services.model, row, found, 0, "nowhere", "graph")
    with pytest.raises(EngineError, match="is not here"):
        place(services.store, services.model, row, found, 4, "w", "graph")


def test_what_stands_out_has_a_remedy_that_makes_a_child(app, services, key):
    row, found, view = view_of(services, key, models=(2,), show="activations")
    services.layers.start(row, found, view)
    work(services)
    sides = services.layers.sides(row, found, view)
    told = services.layers.findings(row, found, view, sides)
    assert told, "90 % pruned, and nothing stands out"
    assert {at for at, _ in told} == {2}
    same = replace(view, show="weights")  # where samples were run, they tell more
    ready = services.layers.sides(row, found, same)
    assert services.layers.findings(row, found, same, ready) == told
    drawn = services.findings.of_layers(row, found, (), view, sides)
    text = str(findings.listed(drawn, None, lambda _: []))
    assert all(one.sentence in text for _, one in told)
    assert "Button(" not in text  # for who may only look
    assert "Button(" in str(findings.listed(drawn, Layers.REMEDY, lambda _: []))
    one = next(f for _, f in told if f.remedy and f.remedy.start == "model")
    asked = remedies.start(services.store, row, found, 2, one.remedy)
    assert asked.made
    work(services)
    _, found, children = services.experiments.progress(key)
    assert {c.state for c in children} == {"done"}, children[0].words
    assert found.models[found.rows[asked.made[0]]].base == "p9"


def test_a_remedy_before_the_model_leaves_layers_out(services, key):
    row, found, _ = view_of(services, key)
    remedy = Remedy("", {"skip": ("w",)}, "before", "Make it anew without these layers")
    asked = remedies.start(services.store, row, found, 2, remedy)
    entry = next(c.entry for c in services.store.offspring.list(row.id))
    assert (entry["base"], entry["operation"]["parameters"]["amount"]) == ("root", 0.9)
    assert "w" in str(entry["operation"]["parameters"]["skip"])
    assert asked.made == (entry["id"],)
    with pytest.raises(EngineError, match="done otherwise"):
        remedies.start(services.store, row, found, 4, remedy)


def test_a_remedy_behind_a_step_repeats_what_follows_and_tells_how_far_it_is(services, key):
    row, found, _ = view_of(services, key)
    made = remedies.start(services.store, row, found, 2, Remedy("palettize", {}, "model", "Few"))
    row, found, children = services.experiments.progress(key)
    at = found.rows[made.made[0]]
    assert [id for id, _ in remedies.steps_to(found, 0, at)] == ["prune", "palettize"]
    assert remedies.steps_to(found, 1, at) == remedies.steps_to(found, 0, at)
    remedy = Remedy("repair_layers", {}, "behind", "Refit", behind="prune",
                    then=(("repair_norms", {}),))  # fmt: skip
    assert remedies.cure(services.store, row, found, children, at, remedy).state == ""
    asked = remedies.start(services.store, row, found, at, remedy)
    row, found, children = services.experiments.progress(key)
    ways = [found.models[found.rows[m]] for m in asked.made]
    assert [m.operation.name for m in ways] == ["refit", "palette", "norms"]
    assert [m.base for m in ways] == ["p9", ways[0].id, ways[1].id]
    assert remedies.cure(services.store, row, found, children, at, remedy).state == "queued"
    again = remedies.start(services.store, row, found, at, remedy)
    assert (again.job, again.there) == (None, asked.made)


def test_findings_survive_their_way_through_json(services, key):
    figure = Figure("x", float("nan"), 0.1, float("inf"), "share")
    remedy = Remedy("restore", {"only": ("a",)}, "model", "Restore",
                    "Why.", (("repair_layers", {}),))  # fmt: skip
    told = (Finding("dead", ("a", "b"), (figure,), "Words.", remedy, {"a": 0.5}, remedy),)
    back = ly.heard(json.loads(json.dumps(ly.tell(told))))
    assert back[0].remedy == back[0].second == remedy
    assert (back[0].where, back[0].each) == (told[0].where, told[0].each)
    assert np.isnan(back[0].figures[0].value)
    for odd in (None, {}, [3, {}, {"kind": 1}], [{"kind": "x", "where": 3, "figures": None}]):
        assert ly.heard(odd) == ()


def test_what_is_kept_and_damaged_is_as_if_it_were_not(services, key):
    row, found, view = view_of(services, key, models=(1,))
    sides = services.layers.sides(row, found, view)
    from engine.jobs.place import write_result

    write_result(services.settings.data, sides[1].digest, {"layers": "AAAA"})
    services.layers._kept.clear()
    again = services.layers.sides(row, found, view, quick=False)
    assert again[1].state == "missing"


def test_a_table_of_many_rows_has_pages(services, key):
    row, found, view = view_of(services, key, models=(1, 2))
    sides = services.layers.sides(row, found, view)
    leaf = next(m for m in services.layers.tree(sides).values() if m.leaf)
    many = {f"m{k}": replace(leaf, name=f"m{k}", parent="") for k in range(1000)}
    told = rows(many, found, replace(view, page=3), sides)
    assert (len(told.lines), told.count, told.page) == (ROWS, 1000, 3)
    assert "151–200 of 1,000 rows" in str(table.pages(told))
    assert rows(many, found, replace(view, page=10**6), sides).page == 999 // ROWS


def test_the_page_and_its_table_are_drawn(app, services, key):
    with app.server.test_request_context():
        page = layout(experiment_id=key, models="1.2", base="0")
        assert "layers--table" in str(page)
        assert "not in this experiment" not in str(page)
        odd = str(layout(experiment_id=key, models="1,2,77,p5", base="0"))
        assert "not in this experiment: 77, p5." in odd
        assert "nothing at this address" in str(layout(experiment_id="none"))
        ask = {"models": [1, 2], "base": 0}
        body, note, pages, apart, known = callbacks.shown(ask, None, key)
        assert known["address"] == f"/experiments/{key}/layers?models=1.2&base=0"
        assert "In the order of the model" in str(note)
        assert (pages, apart) == ([], [])
        text = json.dumps(body.to_plotly_json(), default=lambda o: o.to_plotly_json())
        assert text.count("clipPath") > 6
        name = next(iter(services.layers.tree(
            services.layers.sides(*view_of(services, key, models=(1, 2))[:3]))))  # fmt: skip
        pane = callbacks.picked({"name": name}, None, ask, key)
        assert name in str(pane)
        for show in ("sparsity", "activations"):
            callbacks.shown(ask | {"show": show}, None, key)
        for odd in (None, 3, {"models": [10**9]}, {"models": ["x"], "show": []}):
            assert "Choose a model" in str(callbacks.shown(odd, None, key)[0])
            assert "Select a layer" in str(callbacks.picked(odd, None, odd, key))
