/* The list of models: the address bar follows what is shown, without loading the page again. */
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.models = {
  address(address) {
    if (typeof address === "string" && address.startsWith("/") && !address.startsWith("//")) {
      window.history.replaceState(window.history.state, "", address);
    }
    return window.dash_clientside.no_update;
  },
};
