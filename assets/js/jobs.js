/* The drawer of jobs: opened and closed here; its rows come while it is open (dashboard/job_drawer.py). */
(function () {
  const sheet = () => document.getElementById("shell--jobs-sheet");
  const button = () => document.getElementById("shell--jobs-open");

  function show(open) {
    window.dash_clientside.set_props("shell--jobs-sheet", { hidden: !open, "data-open": open ? "yes" : "" });
    if (open) window.dash_clientside.set_props("shell--jobs-poll", { disabled: false });
    if (button()) button().setAttribute("aria-expanded", String(open));
    if (open) setTimeout(() => sheet().querySelector("button").focus());
    else if (button()) button().focus();
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-jobs]")) show(sheet().hidden);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !sheet() || sheet().hidden) return;
    event.stopPropagation();
    show(false);
  }, true);
})();
