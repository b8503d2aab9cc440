// @ts-check
// Puts Errand's chat into another site. A classic script, one tag (docs/embedding.md):
//   <script src="https://errand.example.org/static/embed.js" data-token="errandToken"
// data-target="#assistant"></script> `data-token` names a global function that gives, or promises, an access token of
// the person who is signed in there.

{
  const script = /** @type {HTMLScriptElement} */ (document.currentScript);
  const { origin } = new URL(script.src);

  /**
   * @param {{target: Element, getToken: (wish: {fresh: boolean}) => string | Promise<string>, locale?: string, theme?:
   *   string, greeting?: string, title?: string}} options `fresh`: the token of before was refused
   * @returns {HTMLIFrameElement}
   */
  const embed = ({ target, getToken, title = "Chat", ...options }) => {
    const frame = document.createElement("iframe");
    frame.src = `${origin}/embed`;
    frame.title = title;
    frame.allow = "microphone; clipboard-write";
    frame.style.cssText = "display: block; width: 100%; height: 100%; border: 0";
    frame.addEventListener("load", () => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = async ({ data: { id, fresh } }) => {
        try {
          port1.postMessage({ id, token: await getToken({ fresh }) });
        } catch (error) {
          port1.postMessage({ id, problem: /** @type {Error} */ (error).message });
        }
      };
      // Only Errand itself gets the other end: the browser delivers to this origin or not at all.
      frame.contentWindow?.postMessage({ type: "errand.connect", options }, origin, [port2]);
    });
    target.append(frame);
    return frame;
  };

  const start = () => {
    const { token = "", target = "", locale, theme, greeting, title } = script.dataset;
    const place = document.querySelector(target);
    const getToken = /** @type {any} */ (window)[token];
    if (!place || typeof getToken !== "function")
      throw new Error("embed.js: data-target finds no element, or data-token names no function.");
    embed({ target: place, getToken, locale, theme, greeting, title });
  };

  /** @type {any} */ (window).errandEmbed = embed;
  if (script.dataset.token) {
    if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
    else start();
  }
}
