/* Uploads: files chosen or dropped anywhere on a list, each with progress and cancel.

   The page of the list says where to (data-upload), how much (data-limit), which endings
   (data-accept), and which store hears of what came (data-news).  A file is the body of one streaming request (never read into memory here); two run at a time.
   All text enters the page as text, never as markup. */
(function () {
  "use strict";
  const AT_ONCE = 2;
  const waiting = [];
  let running = 0;
  let depth = 0; // dragenter and dragleave come for every child; the hint shows while depth > 0

  const page = () => document.querySelector("[data-upload]");
  const panel = () => page().querySelector(".uploads");

  function part(tag, className, text) {
    const element = document.createElement(tag);
    element.className = className;
    if (text) element.textContent = text;
    return element;
  }

  function megabytes(bytes) {
    return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  }

  function row(file) {
    const element = part("div", "upload");
    const name = part("span", "upload-name", file.name);
    name.title = file.name;
    const bar = part("progress", "upload-progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", `Upload of ${file.name}`);
    const state = part("span", "upload-state", "waiting");
    const close = part("button", "upload-close", "Cancel");
    close.type = "button";
    element.append(name, bar, state, close);
    panel().append(element);
    return { element, bar, state, close };
  }

  function finish(job, className, text, address) {
    const { element, state, close } = job.row;
    element.classList.add(className);
    state.textContent = text;
    if (address) {
      const link = part("a", "upload-link", "Open");
      link.href = address;
      element.insertBefore(link, close);
    }
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
      const text = body.new ? "added" : `already here as “${body.name}”`;
      finish(job, "upload-done", text, body.url);
      if (job.alone && running === 1 && page()) return open(body.url); // one file: its user wants to see it
      const news = { id: body.id, at: Date.now() };
      if (page()) window.dash_clientside.set_props(page().dataset.news, { data: news });
    } else {
      const sentence = body.error || `The server answered ${job.request.status}.`;
      const named = `${job.file.name}: `; // the name stands beside it
      finish(job, "upload-failed", sentence.replace(named, ""));
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
        const text = `The file is too large; at most ${megabytes(limit)} can be uploaded.`;
        finish(job, "upload-failed", text);
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

  function choose() {
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = true;
    input.accept = page().dataset.accept;
    input.onchange = () => add(input.files);
    input.click();
  }

  const carries_files = (event) => [...(event.dataTransfer?.types || [])].includes("Files");

  function show_hint() {
    document.body.classList.toggle("dropping", depth > 0 && Boolean(page()));
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest?.(".choose-files")) choose();
  });
  document.addEventListener("dragenter", (event) => {
    if (!carries_files(event)) return;
    depth += 1;
    show_hint();
  });
  document.addEventListener("dragleave", (event) => {
    if (!carries_files(event)) return;
    depth = Math.max(0, depth - 1);
    show_hint();
  });
  document.addEventListener("dragover", (event) => {
    if (carries_files(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!carries_files(event)) return;
    event.preventDefault(); // else the browser would open the file in place of the page
    depth = 0;
    show_hint();
    add(event.dataTransfer.files);
  });
})();
