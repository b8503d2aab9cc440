// @ts-check
// Which chat element the page shows: our own, or OpenAI's where the installation has a domain key for it.

/**
 * @typedef {import("../chat/element.js").ErrandChat} ErrandChat
 * @typedef {import("@openai/chatkit").OpenAIChatKit} OpenAIChatKit
 */

const OFFICIAL = "https://cdn.platform.openai.com/deployments/chatkit/chatkit.js";

/** @param {string} source */
function script(source) {
  return new Promise((resolve, reject) => {
    const node = document.createElement("script");
    node.src = source;
    node.onload = resolve;
    node.onerror = () =>
      reject(
        new Error(
          "OpenAI's chat element could not be loaded. Unset CHATKIT_DOMAIN_KEY to use the one that comes with Errand.",
        ),
      );
    document.head.append(node);
  });
}

/**
 * @param {HTMLElement} ours `<errand-chat>`, as it stands in the page @param {string | null} [domainKey]
 * @returns {Promise<ErrandChat | OpenAIChatKit>}
 */
export async function chooseElement(ours, domainKey) {
  if (!domainKey) {
    await import("../chat/element.js");
    return /** @type {ErrandChat} */ (ours);
  }
  await script(OFFICIAL);
  await customElements.whenDefined("openai-chatkit");
  const theirs = /** @type {OpenAIChatKit} */ (document.createElement("openai-chatkit"));
  theirs.id = ours.id;
  ours.replaceWith(theirs);
  return /** @type {OpenAIChatKit} */ (theirs);
}

/**
 * Whether it is our own, which can do a few things more.
 * @param {ErrandChat | OpenAIChatKit} chat
 * @returns {chat is ErrandChat}
 */
export function isOurs(chat) {
  return "showItem" in chat;
}
