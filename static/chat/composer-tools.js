// @ts-check
// What the composer offers beside the text. Fetched where the options offer anything.
import { iconButton } from "./dom.js";

/**
 * Draws them anew only when something about them changed: a menu that is open must not vanish.
 * @param {import("./composer.js").Composer} composer
 */
export async function drawTools(composer) {
  const {
    parts: { tools: place },
    context: { strings, options },
  } = composer;
  const { composer: offered = {}, entities } = options();
  const { tools = [], models = [], attachments, dictation } = offered;
  const canDictate = Boolean(dictation?.enabled && navigator.mediaDevices);
  const hasMenu =
    attachments?.enabled || tools.length > 0 || Boolean(entities?.showComposerMenu && entities.onTagSearch);
  const state = JSON.stringify([tools, models, canDictate, hasMenu, composer.tool, composer.model]);
  if (state === place.dataset.state) return;
  place.dataset.state = state;
  const hasChoices = composer.tool || tools.some(({ pinned }) => pinned) || models.length > 1 || canDictate;
  const more = hasChoices ? (await import("./composer-choices.js")).choices(composer, canDictate) : [];
  if (state !== place.dataset.state) return; // something changed meanwhile
  const menu =
    hasMenu &&
    iconButton("plus", strings.add, { "data-testid": "composer-menu", onclick: () => composer.toggleMenu() });
  place.replaceChildren(...[menu, ...more].filter((node) => node !== false && node !== undefined));
}
