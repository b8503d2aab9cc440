// @ts-check
// A classic script in the head, before the style sheets paint: a chosen theme must not flash. Where somebody has to be
// signed in, it also asks for the token that everything else waits for, while the modules are still on their way.

{
  const theme = localStorage.getItem("errand.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;

  const { authUrl } = /** @type {HTMLScriptElement} */ (document.currentScript).dataset;
  // Whoever has not signed in here yet would only be refused, which the browser writes into its console as an error.
  if (authUrl && localStorage.getItem("errand.signed-in")) {
    const headers = { Accept: "application/json" };
    const asked = fetch(`${authUrl}/token`, { headers, cache: "no-store", credentials: "include" });
    asked.catch(() => {}); // whoever takes it hears of it (`page/api.js`)
    Object.assign(globalThis, { errandToken: asked });
  }
}
