/* The drawer of jobs: opened and closed here; its rows come while it is open (dashboard/job_drawer.py). */
(function (clientside) {
  const drawer = clientside.dom.sheet("shell--jobs-sheet", () => document.getElementById("shell--jobs-open"), (sheet) => {
    clientside.set_props("shell--jobs-poll", { disabled: false });
    setTimeout(() => sheet.querySelector("button").focus());
  });
  clientside.dom.press("[data-jobs]", () => drawer.show(!drawer.open()));
})(window.dash_clientside);
