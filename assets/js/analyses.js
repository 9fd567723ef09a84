/* The autosave, and what the sheet of analyses asks for.  Messages go to the store model--save, one
   at a time: the next is sent when the last is answered (dashboard/queries/desk.py).
   data-act: the verb of a message; data-form: the fields that go with it. */
(function (clientside) {
  const QUIET = 400, PATIENCE = 20000, AGAIN = 8000; // ms: before a save, for its answer, before another try
  const SHEET = "model--analyses-sheet", again = window.location.hash === "#analyses";
  const page = () => document.getElementById("model--page"), desk = () => page() && page().desk;
  const set = (name, props) => clientside.set_props(`model--${name}`, props);
  let turn = 0;

  function changed(recipe, draft, against) {
    if (!page() || !recipe || !draft) return "";
    const { pool, states, at } = recipe, own = { pool, states, at }, text = JSON.stringify(own);
    let now = desk();
    if (draft.turn === undefined && !(now && now.first === draft)) { // a page that was just opened
      now = page().desk = { first: draft, draft, told: draft.analysis, text, queue: [], chosen: "" };
      if (again && !turn++) setTimeout(() => clientside.sheets.open(SHEET));
    }
    if (text !== now.text) later(now, QUIET, { text, edited: true, dirty: keeps(now) === "yes" });
    Object.assign(now, { recipe: own, against });
    show(now);
    return now.told === draft.analysis ? clientside.no_update : (now.told = draft.analysis);
  }

  /* What of the edits is kept: "yes" all, "fork" only a fork of them, "no" nothing. */
  const keeps = (now) => (now.draft.analysis ? now.draft.keeps : page().dataset.modelkeeps);

  function later(now, wait, what) {
    Object.assign(now, what);
    clearTimeout(now.timer);
    now.timer = setTimeout(() => desk() === now && send({ verb: "save" }), wait);
  }

  function send(message, now = desk()) {
    now.queue.push({ verb: "save" }, ...(message.verb === "save" ? [] : [message]));
    pump(now);
  }

  function pump(now) {
    const message = now.flying ? null : now.queue.shift(), { analysis, at, version, conflict } = now.draft;
    if (!message) return !now.flying && now.go && leave(now);
    if (!analysis && (clientside.recipe.plain() || !clientside.recipe.rules().length)) now.dirty = false; // it is in the address
    if (message.verb === "save" && (!now.dirty || (conflict && !now.go))) return show(now), pump(now);
    Object.assign(now, { dirty: false, flying: ++turn, last: message.verb === "save" ? now.last : message });
    const missed = { flying: 0, dirty: true, draft: { ...now.draft, fault: "The server does not answer." } };
    now.lost = setTimeout(() => desk() === now && (later(now, AGAIN, missed), show(now)), PATIENCE);
    set("save", { data: { tree: now.draft.tree, ...message, analysis, at, version, document: now.recipe, turn } });
  }

  function answered({ draft, against, load }) {
    const now = desk(), { at, analysis } = now.draft;
    if (draft.turn === now.flying) Object.assign(now, { flying: 0 }, clearTimeout(now.lost));
    set("draft", { data: (now.draft = draft) });
    if (against) set("against", { data: against });
    if (draft.conflict && !draft.kept) now.dirty = true; // what was edited meanwhile is so already
    if (draft.fault) later(now, AGAIN, { dirty: true });
    if (load && (at !== draft.at || analysis !== draft.analysis))
      window.history.pushState(window.history.state, "", window.location.href); // back undoes the view
    if (load && !now.dirty) Object.assign(now, { text: JSON.stringify(load) }, clientside.recipe.load(load));
    if (load || keeps(now) === "yes") now.edited = false;
    if (draft.meanwhile) asked(now, draft.meanwhile);
    setTimeout(ask); // once the stores have it
    pump(now);
    show(now);
  }

  /* Another person saved: theirs is shown, or this goes on beside it or as a fork, which is nearest. */
  function asked(now, theirs) {
    const box = document.getElementById("model--meanwhile");
    now.theirs = theirs;
    set("meanwhile-text", { children: theirs.words });
    box.showModal();
    box.querySelector("[data-act=mine]").focus();
  }

  /* The sheet is drawn anew while it is open; `sheet` and `search` come when they change. */
  function ask(sheet, search) {
    const now = desk();
    if (now && sheet !== undefined) Object.assign(now, { open: sheet === SHEET, search, seen: now.seen && sheet === SHEET });
    if (!now || !now.open || document.activeElement.matches(".row-form :is(input, textarea)")) return; // who types goes on
    const { draft: { analysis, at }, chosen } = now;
    set("analyses-asked", { data: { analysis, at, chosen, search: now.search || "", turn: ++turn } });
  }

  /* The lists are new elements: the focus goes to what it was on, and what matters is in sight. */
  function drawn() {
    const now = desk(), find = (what) => document.querySelector(what || "none");
    const focus = now && find(now.focus), seen = now && (focus ? find(".row-form") : !now.seen && find(".tree .here"));
    if (focus) focus.focus();
    if (seen) seen.scrollIntoView({ block: (now.seen = "nearest") });
    if (now) now.focus = "";
  }

  function show(now) {
    const { analysis, name, words, title, unsaved, conflict, fault, may, whose } = now.draft, rules = clientside.recipe.rules().length;
    const { modelmay, modelwhose } = page().dataset, kept = keeps(now), lost = now.edited && kept !== "yes";
    Object.assign(page().dataset, { may: analysis ? may : modelmay, keeps: kept });
    const alone = !rules ? "baseline" : clientside.recipe.plain() ? "a preset" : "not saved", halt = conflict || fault;
    const shown = lost ? (kept === "fork" ? "not saved: fork to keep" : "not saved: only you see it") : halt ? "not saved" : (analysis || !clientside.recipe.plain()) && (now.dirty || now.flying) ? "saving…" : analysis ? words : alone;
    const other = now.against && now.against.id ? `against ${now.against.name} · ` : "";
    const next = { children: other + shown, className: `analysis-state ${halt ? "worse" : lost || (analysis && unsaved) ? "unsaved" : ""}`, title: halt || title };
    if (now.shown === (now.shown = JSON.stringify([name, next, whose]))) return;
    set("whose", { children: analysis ? whose : modelwhose });
    set("analyses-name", { children: name || "Analyses" });
    set("analyses-state", next);
  }

  /* To another analysis, once all is saved: what is looked at stays, what it is for does not. */
  function leave(now) {
    const query = new URLSearchParams(window.location.search);
    for (const key of ["target", "fps", "bind", "preset", "at", "vs", "sel"]) query.delete(key);
    query.set("analysis", now.go);
    window.history.pushState(null, "", `${window.location.pathname}?${query}#analyses`);
    window.location.reload();
  }

  const VERBS = "[data-act], [data-choose], a[data-analysis]";
  function press(node, event) {
    const now = desk();
    if (!now || !node || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const { act, sure, choose, analysis, id } = node.dataset, form = node.closest("[data-form]");
    const value = (tag) => (form && form.querySelector(tag) ? form.querySelector(tag).value.trim() : "");
    now.focus = choose ? `[data-choose="${choose}"]` : `[data-act="${act}"][data-id="${id}"]`;
    if (choose) ask(void (now.chosen = now.chosen === choose ? "" : choose));
    else if (node.closest("dialog")) {
      node.closest("dialog").close();
      send(act === "theirs" ? { verb: "open", id: now.theirs.id } : act === "anyway" ? { ...now.last, tree: now.theirs.version } : { verb: "create" });
    } else if (analysis || act === "reload") {
      event.preventDefault();
      now.go = analysis || now.draft.analysis;
      send({ verb: "save" });
    } else if (sure && !node.classList.contains("armed")) node.classList.add("armed");
    else send({ verb: act, id: act === "go_on" ? now.draft.kept : id || "", name: value("input"), note: value("textarea") });
  }
  document.addEventListener("click", (event) => press(event.target.closest(VERBS), event));
  let under = null; // a list drawn anew between press and release takes the button away, and no click comes
  document.addEventListener("pointerdown", (event) => (under = event.button ? null : event.target.closest(VERBS)));
  document.addEventListener("pointerup", (event) => under && !under.isConnected && press(under, event));
  document.addEventListener("keydown", (event) => {
    const form = event.target.closest("[data-form]");
    if (!form || event.key !== "Enter" || !event.target.matches("input")) return;
    event.preventDefault(); // or the button, now focused, is pressed by the same key again
    form.querySelector("[data-default]").focus();
    form.querySelector("[data-default]").click();
  });
  window.addEventListener("beforeunload", (event) => desk() && desk().dirty && event.preventDefault());
  clientside.analyses = { changed, answered, shown: ask, drawn };
})(window.dash_clientside);
