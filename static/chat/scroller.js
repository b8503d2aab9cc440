// @ts-check
// Keeps the end in view while somebody reads there, and leaves everybody else alone.

const NEAR_PX = 40;

export class Scroller {
  /** @param {HTMLElement} viewport @param {HTMLElement} content @param {(away: boolean) => void} onAway */
  constructor(viewport, content, onAway) {
    this.viewport = viewport;
    this.stuck = true;
    this.top = 0;
    this.onAway = onAway;
    this.onNearTop = () => {};
    viewport.addEventListener("scroll", () => this.read(), { passive: true });
    // Content grows with the text, the viewport shrinks with the composer or a phone's keyboard.
    const observer = new ResizeObserver(() => {
      // Where scroll bars take room, the text must still stand above the composer's edges.
      viewport.style.setProperty("--gutter", `${(viewport.offsetWidth - viewport.clientWidth) / 2}px`);
      if (this.stuck) this.toEnd();
      else this.read();
    });
    observer.observe(content);
    observer.observe(viewport);
  }

  read() {
    const { scrollTop, scrollHeight, clientHeight } = this.viewport;
    // Who leaves moves up; else more came since.
    this.stuck = scrollHeight - scrollTop - clientHeight < NEAR_PX || (this.stuck && scrollTop >= this.top);
    this.top = scrollTop;
    this.onAway(!this.stuck);
    if (scrollTop < 200) this.onNearTop();
  }

  toEnd() {
    this.stuck = true;
    this.viewport.scrollTop = this.viewport.scrollHeight;
    this.onAway(false);
  }

  /** Change something above without moving what is on screen. @param {() => void} change */
  keep(change) {
    const before = this.viewport.scrollHeight;
    const top = this.viewport.scrollTop;
    change();
    this.viewport.scrollTop = top + this.viewport.scrollHeight - before;
  }
}
