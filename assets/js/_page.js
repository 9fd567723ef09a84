/* What the other files of this folder begin with, and so loaded before them: the parts of a page,
   elements, and what a press or a key does.
   What draws is a part, pushed to `dash_clientside.parts` (_view.js). */
window.dash_clientside = Object.assign(window.dash_clientside || {}, { parts: [], desks: {} });
(function (clientside) {
  const TYPED = "input, textarea, select, [contenteditable]";

  /* A DOM element with attributes, listeners (on…) and children as text, never as markup. */
  function make(tag, attributes, ...children) {
    return filled(document.createElement(tag), attributes, children);
  }

  const svg = (tag, attributes, ...children) =>
    filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

  function filled(node, attributes, children) {
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (value !== null && value !== undefined) node.setAttribute(key, value);
    }
    node.append(...children.filter((c) => c !== null && c !== undefined));
    return node;
  }

  const button = (text, title, onclick, look = "button") => make("button", { class: look, title, onclick }, text);

  /* act(element, event) when something within the element of a selector is clicked, mounted now or later. */
  function press(selector, act) {
    document.addEventListener("click", (event) => {
      const found = event.target.closest && event.target.closest(selector);
      if (found) act(found, event);
    });
  }

  /* True for an element the first time: its listeners are put on then, and not again. */
  const once = (node) => Boolean(node) && !node.heard && (node.heard = true);

  /* Whether an event is of a field that takes letters, or a modifier is held. */
  const typed = (event) => Boolean(event.target.closest(TYPED));
  const modified = (event) => event.ctrlKey || event.metaKey || event.altKey;

  /* The text of a field to the clipboard, without HTTPS too; its button says whether it went. */
  function copy(field, button, lost = "Not copied") {
    const was = (button.was = button.was || button.textContent);
    field.select();
    button.textContent = document.execCommand("copy") ? "Copied" : lost;
    setTimeout(() => (button.textContent = was), 1500);
  }

  /* A sheet that is opened by a button and closed by Escape, which gives the focus back. */
  function sheet(id, opener, opened = () => null) {
    const box = () => document.getElementById(id), open = () => Boolean(box()) && !box().hidden;
    function show(on) {
      clientside.set_props(id, { hidden: !on, "data-open": on ? "yes" : "" }); // a callback can hear of the second
      if (opener()) opener().setAttribute("aria-expanded", String(on));
      if (on) opened(box());
      else if (opener()) opener().focus();
    }
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !open()) return;
      event.stopPropagation();
      show(false);
    }, true);
    return { box, open, show };
  }

  clientside.dom = { make, svg, button, press, once, typed, modified, copy, sheet };
})(window.dash_clientside);
