/* Uploads: files chosen or dropped anywhere on a list, each with progress and cancel.

   The page of the list says where to (data-upload), how much (data-limit), which endings
   (data-accept), and which store hears of what came (data-news).  A file is the body of one streaming request (never read into memory here); two run at a time.
   All text enters the page as text, never as markup. */
(function (clientside) {
  "use strict";
  const AT_ONCE = 2;
  const waiting = [];
  let running = 0;
  let depth = 0; // dragenter and dragleave come for every child; the hint shows while depth > 0

  const { make, press } = clientside.dom, page = () => document.querySelector("[data-upload]");

  const megabytes = (bytes) => (bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

  function row(file) {
    const bar = make("progress", { class: "upload-progress", max: 1, value: 0, "aria-label": `Upload of ${file.name}` });
    const state = make("span", { class: "upload-state" }, "waiting"), close = make("button", { class: "upload-close", type: "button" }, "Cancel");
    const element = make("div", { class: "upload" }, make("span", { class: "upload-name", title: file.name }, file.name), bar, state, close);
    page().querySelector(".uploads").append(element);
    return { element, bar, state, close };
  }

  function finish(job, className, text, address) {
    const { element, state, close } = job.row;
    element.classList.add(className);
    state.textContent = text;
    if (address) close.before(make("a", { class: "upload-link", href: address }, "Open"));
    close.textContent = "Dismiss";
    close.onclick = () => element.remove();
  }

  function answer(request) {
    try {
      return JSON.parse(request.responseText);
    } catch {
      return {};
    }
  }

  /* Go to a page of this app without loading the app again. */
  function open(address) {
    window.history.pushState({}, "", address);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
  }

  function done(job) {
    const body = answer(job.request);
    if (job.request.status === 200) {
      finish(job, "upload-done", body.new ? "added" : `already here as “${body.name}”`, body.url);
      if (job.alone && running === 1 && page()) return open(body.url); // one file: its user wants to see it
      if (page()) clientside.set_props(page().dataset.news, { data: { id: body.id, at: Date.now() } });
    } else {
      const sentence = body.error || `The server answered ${job.request.status}.`;
      finish(job, "upload-failed", sentence.replace(`${job.file.name}: `, "")); // the name stands beside it
    }
  }

  function send(job) {
    const request = (job.request = new XMLHttpRequest());
    const { bar, state } = job.row;
    request.upload.onprogress = (event) => {
      bar.value = event.total ? event.loaded / event.total : 0;
      state.textContent = `${megabytes(event.loaded)} of ${megabytes(event.total)}`;
    };
    request.upload.onload = () => {
      bar.removeAttribute("value"); // from here on nobody knows how long it takes
      state.textContent = "reading the file…";
    };
    request.onload = () => done(job);
    request.onerror = () => finish(job, "upload-failed", "The connection was lost; try again.");
    request.onabort = () => job.row.element.remove();
    request.onloadend = () => {
      running -= 1;
      next();
    };
    request.open("POST", page().dataset.upload);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-File-Name", encodeURIComponent(file_name(job.file)));
    request.send(job.file);
  }

  // encodeURIComponent refuses half a surrogate pair, which a file name may hold
  function file_name(file) {
    return file.name.toWellFormed ? file.name.toWellFormed() : file.name;
  }

  function next() {
    while (running < AT_ONCE && waiting.length && page()) {
      running += 1;
      send(waiting.shift());
    }
  }

  function add(files) {
    if (!page()) return;
    const limit = Number(page().dataset.limit);
    for (const file of files) {
      const job = { file, row: row(file), request: null, alone: files.length === 1 };
      if (file.size > limit) {
        finish(job, "upload-failed", `The file is too large; at most ${megabytes(limit)} can be uploaded.`);
        continue;
      }
      job.row.close.onclick = () => {
        if (job.request) return job.request.abort();
        waiting.splice(waiting.indexOf(job), 1);
        job.row.element.remove();
      };
      waiting.push(job);
    }
    next();
  }

  /* Files are carried over the page, or dropped; `deeper` by how much. */
  function carry(kind, deeper) {
    document.addEventListener(kind, (event) => {
      if (![...(event.dataTransfer?.types || [])].includes("Files")) return;
      if (kind === "dragover" || kind === "drop") event.preventDefault(); // else the browser would open the file in place of the page
      depth = Math.max(0, depth + deeper);
      document.body.classList.toggle("dropping", depth > 0 && Boolean(page()));
      if (kind === "drop") add(event.dataTransfer.files);
    });
  }
  for (const [kind, deeper] of Object.entries({ dragenter: 1, dragleave: -1, dragover: 0, drop: -Infinity })) carry(kind, deeper);

  press(".choose-files", () => {
    const choice = make("input", { type: "file", multiple: "", accept: page().dataset.accept, onchange: () => add(choice.files) });
    choice.click();
  });
})(window.dash_clientside);
