// @ts-check
// A picture that the assistant made.
import { h } from "../dom.js";

export class PictureView {
  /** @param {import("./items.js").Context} context */
  constructor({ picture, strings }) {
    this.picture = picture;
    this.shown = "";
    this.image = h("img", { alt: strings.assistantSaid, hidden: true });
    this.bar = h("progress", { max: 1, "aria-label": strings.working });
    this.node = h("div", { class: "row picture", "data-testid": "picture" }, this.image, this.bar);
  }

  /** @param {import("./items.js").Item} item @param {boolean} streaming */
  set(item, streaming) {
    this.bar.hidden = !streaming;
    this.draw(item.image?.url);
  }

  /** @param {Record<string, any>} update */
  update({ image, progress }) {
    if (typeof progress === "number") this.bar.setAttribute("value", String(progress));
    this.draw(image?.url);
  }

  /** @param {string} [url] */
  async draw(url) {
    if (!url || url === this.shown) return;
    this.shown = url;
    const source = await this.picture?.(url).catch(() => "");
    if (!source || this.shown !== url) return;
    this.image.setAttribute("src", source);
    this.image.hidden = false;
  }
}
