// @ts-check
// Icons that are rarely seen, and which of ours stand for ChatKit's names; fetched when one of them is asked for.

/** @type {Record<string, string>} */
const MORE = {
  file: "M5.5 3.5h6l3.5 3.5v9.5h-9.5ZM11.5 3.5V7H15",
  mic: "M10 3a2 2 0 0 1 2 2v4.5a2 2 0 0 1-4 0V5a2 2 0 0 1 2-2ZM5.5 9.5a4.5 4.5 0 0 0 9 0M10 14v3",
  search: "M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM13 13l4 4",
  at: "M13 10a3 3 0 1 1-3-3 3 3 0 0 1 3 3Zm0 0v1a2 2 0 0 0 4 0v-1a7 7 0 1 0-3 5.7",
  question: "M8 8a2 2 0 1 1 2.8 1.8c-.5.3-.8.7-.8 1.4M10 13.6v.1M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0Z",
  chart: "M4 16.5h12.5M6 16V10M10 16V5M14 16V8",
  person: "M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM4.5 16.5c.6-3 2.7-4.5 5.5-4.5s4.9 1.5 5.5 4.5",
  dots: "M5 10v.1M10 10v.1M15 10v.1",
  menu: "M3.5 6h13M3.5 10h13M3.5 14h13",
  star: "m10 3.5 2 4.2 4.6.6-3.4 3.2.9 4.5L10 13.8 5.9 16l.9-4.5-3.4-3.2 4.6-.6Z",
  out: "M8 4.5H4.5v11h11V12M11.5 4.5h4v4M15.5 4.5 9 11",
  home: "m3.5 9.5 6.5-6 6.5 6M5.5 8v8.5h9V8",
  gear:
    "M10 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM10 3v2M10 15v2M3 10h2M15 10h2" +
    "M5 5l1.5 1.5M13.5 13.5 15 15M15 5l-1.5 1.5M6.5 13.5 5 15",
  sun:
    "M10 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM10 2.5v2M10 15.5v2M2.5 10h2M15.5 10h2" +
    "M4.7 4.7l1.4 1.4M13.9 13.9l1.4 1.4M15.3 4.7l-1.4 1.4M6.1 13.9l-1.4 1.4",
  moon: "M15.5 12A6.5 6.5 0 0 1 8 4.5a6.5 6.5 0 1 0 7.5 7.5Z",
  image: "M3.5 4.5h13v11h-13ZM3.5 13l4-4 3.5 3.5 2-2 3.5 3.5M13 7.5v.1",
  circle: "M16.5 10a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0Z",
  done: "M16.5 10a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0ZM7 10.3l2 2 4-4.3",
};

/**
 * ChatKit's names (`ChatKitIcon`, `HeaderIcon`, `WidgetIcon`) and Lucide's that mean the same.
 * @type {[RegExp, string][]}
 */
const ALIASES = [
  [/^(write|notebook-pencil|pencil|edit)/, "rename"],
  [/^(reload|refresh|rotate|repeat)/, "repeat"],
  [/^chevron-right/, "chevron"],
  [/^(back|chevron-left|double-chevron-left|arrow-left)/, "back"],
  [/^check-circle/, "done"],
  [/^(empty-)?circle$/, "circle"],
  [/^(triangle-alert|alert|bug)/, "warn"],
  [/^(circle-question|lifesaver|help)/, "question"],
  [/^(calendar|book-clock)/, "calendar"],
  [/^(clock|alarm|history)/, "clock"],
  [/^(chart|analytics|bar-chart)/, "chart"],
  [/^(user|profile|name|agent)/, "person"],
  [/^(document|file|page-blank|square-text|notebook|book)/, "file"],
  [/^(images?|square-image|camera)/, "image"],
  [/^(search|compass|telescope)/, "search"],
  [/^(sparkle|bolt|confetti|lightbulb|atom)/, "sparkle"],
  [/^star/, "star"],
  [/^dots/, "dots"],
  [/^(menu|hamburger|grid)/, "menu"],
  [/^(sidebar|open|collapse|expand)/, "panel"],
  [/^home/, "home"],
  [/^(settings|cog|lab)/, "gear"],
  [/^light-mode|^sun/, "sun"],
  [/^dark-mode|^moon/, "moon"],
  [/^(external-link|share|globe)/, "out"],
  [/^(trash|delete)/, "trash"],
  [/^(list|tasks|batch)/, "notes"],
  [/^x$/, "close"],
];

/**
 * @param {string} name one of ours, of ChatKit's, or `lucide:…`
 * @param {Record<string, string>} ours the icons that are there from the beginning
 * @returns {string} the strokes; a dot where it is not known
 */
export function pathOf(name, ours) {
  const bare = name.replace(/^lucide:/, "");
  const all = { ...ours, ...MORE };
  const alias = all[bare] ? bare : ALIASES.find(([pattern]) => pattern.test(bare))?.[1];
  return all[alias ?? "dot"];
}
