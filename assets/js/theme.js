/* Colour scheme before the first paint, and the same word for AG Grid.

   Mantine keeps the choice in localStorage and writes data-mantine-color-scheme on <html>; until
   it has loaded, this does.  Whoever draws on a canvas listens to "paredown:scheme". */
(function () {
  "use strict";
  const root = document.documentElement;
  let chosen = root.dataset.scheme; // of an embed
  try {
    chosen = chosen || localStorage.getItem("mantine-color-scheme-value");
  } catch {
    chosen = null; // storage switched off: follow the system
  }
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  const scheme = chosen === "light" || chosen === "dark" ? chosen : dark ? "dark" : "light";
  root.setAttribute("data-mantine-color-scheme", scheme);

  function follow() {
    const now = root.getAttribute("data-mantine-color-scheme");
    if (root.dataset.agThemeMode !== now) {
      root.dataset.agThemeMode = now;
      window.dispatchEvent(new CustomEvent("paredown:scheme", { detail: now }));
    }
  }
  follow();
  new MutationObserver(follow).observe(root, { attributeFilter: ["data-mantine-color-scheme"] });
})();
