// @ts-check
// Order by hand: drag with a mouse, hold and drag with a finger, Alt+↑ and Alt+↓ on the keyboard.
// Only transforms move while dragging; the list itself changes when the row is let go.

const MOUSE_PX = 5;
const TOUCH_PX = 9;
const HOLD_MS = 350;
const EDGE_PX = 48;
const EDGE_SPEED = 9;

/**
 * @typedef {{nodes: HTMLElement[], top: number, height: number}} Block a row with the subtasks below it
 * @typedef {object} Drag
 * @property {HTMLElement} row @property {Block[]} blocks those it can change places with @property {number} from
 *   @property {number} to
 * @property {number} grab from the row's upper edge to the pointer @property {number} x @property {number} y @property
 *   {HTMLElement | null} target
 */

/** @param {HTMLElement} row its own subtasks, as rows @returns {HTMLElement[]} */
function blockOf(row) {
  const nodes = [row];
  if (row.hasAttribute("data-nested")) return nodes;
  for (let next = row.nextElementSibling; next?.hasAttribute("data-nested"); next = next.nextElementSibling)
    nodes.push(/** @type {HTMLElement} */ (next));
  return nodes;
}

/**
 * The rows that a row can change places with: the same day, the same parent.
 * @param {HTMLElement} row
 * @returns {HTMLElement[]}
 */
function peersOf(row) {
  return /** @type {HTMLElement[]} */ ([.../** @type {HTMLElement} */ (row.parentElement).children]).filter(
    (other) =>
      other.matches(".task:not([data-done])") &&
      other.dataset.due === row.dataset.due &&
      other.dataset.below === row.dataset.below,
  );
}

/**
 * @param {HTMLElement[]} peers
 * @param {number} from
 * @param {number} to
 * @returns {number[]} their numbers in the new order
 */
function moved(peers, from, to) {
  const order = peers.toSpliced(from, 1).toSpliced(to, 0, peers[from]);
  return order.map((node) => Number(node.dataset.taskId));
}

export class TaskOrder {
  /**
   * @param {HTMLElement} scroll the scrolled list of groups
   * @param {{onOrder: (row: HTMLElement, ids: number[], soon: boolean) => void, onDue: (row: HTMLElement, due: string)
   *   => void, onStart: () => void, onEnd: () => void, announce: (text: string) => void}} actions `data-drop` of a
   *   heading is the due text
   */
  constructor(scroll, actions) {
    this.scroll = scroll;
    this.actions = actions;
    /** @type {Drag | null} */
    this.drag = null;
    /** Aborts what waits for a press to become a drag. @type {AbortController | null} */
    this.press = null;
    scroll.addEventListener("pointerdown", (event) => this.pressed(event));
    scroll.addEventListener("keydown", (event) => this.keydown(event));
    // Once the list scrolls under the finger it is too late: this must be able to say no from the first move.
    scroll.addEventListener("touchmove", (event) => this.drag && event.preventDefault(), { passive: false });
    scroll.addEventListener(
      "contextmenu",
      (event) => this.press && /** @type {PointerEvent} */ (event).pointerType === "touch" && event.preventDefault(),
    );
  }

  // ---- the keyboard

  /** @param {KeyboardEvent} event */
  keydown(event) {
    const row = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("li.task"));
    if (!event.altKey || !/^Arrow(Up|Down)$/.test(event.key) || !row || row.matches("[data-open], [data-done]")) return;
    event.preventDefault();
    const peers = peersOf(row);
    const index = peers.indexOf(row);
    const step = event.key === "ArrowUp" ? -1 : 1;
    const title = row.querySelector(".task-title")?.textContent;
    if (!peers[index + step]) return this.actions.announce(`${title} stays: it is ${step < 0 ? "first" : "last"}`);
    this.actions.onOrder(row, moved(peers, index, index + step), true);
    this.actions.announce(`${title}, ${index + step + 1} of ${peers.length}`);
  }

  // ---- the pointer

  /** @param {PointerEvent} event */
  pressed(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const row = /** @type {HTMLElement | null} */ (target.closest("li.task"));
    if (
      !row ||
      event.button ||
      !event.isPrimary ||
      this.drag ||
      row.matches("[data-open], [data-done]") ||
      target.closest("input, .icon-button")
    )
      return;
    this.press?.abort();
    const press = (this.press = new AbortController());
    const isTouch = event.pointerType !== "mouse";
    const begin = (/** @type {PointerEvent} */ last) => {
      press.abort();
      this.begin(row, event, last);
    };
    const timer = isTouch ? setTimeout(() => begin(event), HOLD_MS) : 0;
    press.signal.addEventListener("abort", () => {
      clearTimeout(timer);
      if (this.press === press) this.press = null;
    });
    addEventListener(
      "pointermove",
      (move) => {
        const far = Math.hypot(move.clientX - event.clientX, move.clientY - event.clientY);
        if (isTouch && far > TOUCH_PX) press.abort();
        else if (!isTouch && far > MOUSE_PX) begin(move);
      },
      { signal: press.signal },
    );
    for (const name of ["pointerup", "pointercancel"])
      addEventListener(name, () => press.abort(), { signal: press.signal });
  }

  /** @param {HTMLElement} row @param {PointerEvent} first @param {PointerEvent} last */
  begin(row, first, last) {
    const grab = first.clientY - row.getBoundingClientRect().top;
    this.actions.onStart();
    this.scroll.setAttribute("data-dragging", "");
    const blocks = peersOf(row).map((peer) => {
      const nodes = blockOf(peer);
      const top = peer.getBoundingClientRect().top + this.scroll.scrollTop;
      const bottom = /** @type {HTMLElement} */ (nodes.at(-1)).getBoundingClientRect().bottom + this.scroll.scrollTop;
      return { nodes, top, height: bottom - top };
    });
    const from = blocks.findIndex(({ nodes }) => nodes[0] === row);
    this.drag = { row, blocks, from, to: from, grab, x: last.clientX, y: last.clientY, target: null };
    for (const node of blocks[from].nodes) node.toggleAttribute("data-dragged", true);
    navigator.vibrate?.(10);
    const listening = (this.listening = new AbortController());
    const { signal } = listening;
    addEventListener(
      "pointermove",
      (move) => {
        if (move.isPrimary) this.moveTo(move.clientX, move.clientY);
      },
      { signal },
    );
    addEventListener("pointerup", () => this.end(true), { signal });
    addEventListener("pointercancel", () => this.end(false), { signal });
    addEventListener(
      "keydown",
      (event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        this.end(false);
      },
      { signal, capture: true },
    );
    this.moveTo(last.clientX, last.clientY);
    this.rollAtEdge();
  }

  /** @param {number} x @param {number} y */
  moveTo(x, y) {
    const { drag } = this;
    if (!drag) return;
    Object.assign(drag, { x, y });
    const own = drag.blocks[drag.from];
    const top = y - drag.grab + this.scroll.scrollTop;
    const heading = /** @type {HTMLElement | undefined} */ (
      document.elementsFromPoint(x, y).find((node) => node.matches?.("[data-drop]"))
    );
    const isOwn = heading?.dataset.day
      ? heading.dataset.day === drag.row.dataset.due
      : heading?.parentNode === drag.row.closest("section");
    this.aim(heading && !isOwn ? heading : null);
    const middle = top + own.height / 2;
    const others = drag.blocks.filter((block) => block !== own);
    // Passed is whatever the middle of the dragged row has passed the middle of.
    drag.to = drag.target ? drag.from : others.filter((block) => block.top + block.height / 2 < middle).length;
    drag.blocks.forEach((block, index) => {
      const shift =
        block === own
          ? top - own.top
          : index > drag.from && index <= drag.to
            ? -own.height
            : index < drag.from && index >= drag.to
              ? own.height
              : 0;
      for (const node of block.nodes) node.style.transform = shift ? `translateY(${shift}px)` : "";
    });
  }

  /** @param {HTMLElement | null} heading */
  aim(heading) {
    const { drag } = this;
    if (!drag || drag.target === heading) return;
    drag.target?.removeAttribute("data-over");
    heading?.setAttribute("data-over", "");
    drag.target = heading;
  }

  /** Near an edge the list scrolls by itself. */
  rollAtEdge() {
    const { drag } = this;
    if (!drag) return;
    const { top, bottom } = this.scroll.getBoundingClientRect();
    const speed = drag.y < top + EDGE_PX ? -EDGE_SPEED : drag.y > bottom - EDGE_PX ? EDGE_SPEED : 0;
    if (speed) {
      this.scroll.scrollTop += speed;
      this.moveTo(drag.x, drag.y);
    }
    requestAnimationFrame(() => this.rollAtEdge());
  }

  /** @param {boolean} isDropped */
  end(isDropped) {
    const { drag } = this;
    if (!drag) return;
    this.listening?.abort();
    const { row, blocks, from, to, target } = drag;
    const before = row.getBoundingClientRect().top;
    this.aim(null);
    this.drag = null;
    this.scroll.removeAttribute("data-dragging");
    for (const { nodes } of blocks) for (const node of nodes) node.style.transform = "";
    for (const node of blocks[from].nodes) node.removeAttribute("data-dragged");
    // The click that ends a drag opens nothing.
    const swallow = (/** @type {Event} */ event) => event.stopPropagation();
    addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", swallow, { capture: true }));
    if (isDropped && target) this.actions.onDue(row, target.dataset.drop ?? "");
    else if (isDropped && to !== from)
      this.actions.onOrder(
        row,
        moved(
          blocks.map(({ nodes }) => nodes[0]),
          from,
          to,
        ),
        false,
      );
    this.actions.onEnd();
    this.settle(blocks[from].nodes, before);
  }

  /** Glide from where it was let go to where it belongs. @param {HTMLElement[]} nodes @param {number} before */
  settle(nodes, before) {
    const offset = before - nodes[0].getBoundingClientRect().top;
    if (!offset || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    for (const node of nodes)
      node.animate([{ transform: `translateY(${offset}px)` }, { transform: "none" }], {
        duration: 150,
        easing: "ease-out",
      });
  }
}
