/* The form of the sheet of budgets: the fields that fit a metric, a budget to edit, the list to share. */
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const BASES = ["per_day", "battery", "lasts", "app", "runtime"]; // of queries/budget_form.py FIELDS
  const set = (name, props) => clientside.set_props(`model--budget-${name}`, props);
  const part = (name) => document.getElementById(`model--budget-${name}`);
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
    part("limit").focus();
  }

  function copy(button) {
    document.getElementById(button.dataset.copy).select();
    button.textContent = document.execCommand("copy") ? "Copied" : "Press Ctrl+C"; // works without HTTPS too
    setTimeout(() => (button.textContent = "Copy"), 1500);
  }

  document.addEventListener("click", (event) => {
    const row = event.target.closest("button[data-budget]"), button = event.target.closest("button");
    if (row) edit(row.dataset.budget);
    if (button && button === part("cancel")) set("was", { data: "" });
    if (button && button.dataset.copy) copy(button);
  });
  clientside.budgets = { form, kept, editing };
})();
