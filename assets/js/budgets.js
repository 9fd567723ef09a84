/* The form of the sheet of budgets: the fields that fit a metric, a budget to edit, the list to share. */
(function (clientside) {
  const BASES = ["per_day", "battery", "lasts", "app", "runtime"]; // of queries/budget_form.py FIELDS
  const set = (name, props) => clientside.set_props(`model--budget-${name}`, props);
  const { press, copy } = clientside.dom;
  let rows = {}, unit = null; // the unit of the budget that is edited, until the form has it

  /* What the metric asks for: units, the one to begin with, sign, help, which fields are hidden. */
  function form(metric, kinds) {
    const kind = kinds[metric], wanted = unit;
    unit = null;
    const begin = kind.units.includes(wanted) ? wanted : kind.usual;
    return [kind.units, begin, kind.sign, kind.help, ...BASES.map((name) => !kind.needs.includes(name))];
  }

  /* The budgets that hold now, and for whom: the JSON, a sentence, which of two buttons is hidden. */
  function kept(budgets, draft) {
    rows = budgets.rows;
    const analysis = Boolean(draft && draft.analysis), own = analysis && budgets.own;
    const words = `These hold for ${own ? "this analysis only" : "every analysis of this model"}.`;
    return [JSON.stringify(JSON.parse(budgets.text), null, 1), words, !analysis || own, !own];
  }

  const editing = (was) => [was ? "Change the budget" : "Add a budget", was ? "Change" : "Add", !was];

  function edit(id) {
    const row = rows[id];
    if (!row) return;
    unit = row.unit;
    for (const name of ["metric", "unit", "use", "limit", ...BASES]) set(name, { value: row[name] });
    set("was", { data: id });
    document.getElementById("model--budget-limit").focus();
  }

  press("button[data-budget]", ({ dataset }) => edit(dataset.budget));
  press("#model--budget-cancel", () => set("was", { data: "" }));
  press("button[data-copy]", (button) => copy(document.getElementById(button.dataset.copy), button, "Press Ctrl+C"));
  clientside.budgets = { form, kept, editing };
})(window.dash_clientside);
