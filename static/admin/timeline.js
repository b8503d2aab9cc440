// @ts-check
// Answers as the person saw them: their Markdown, cleaned as on the page. Without this script they show as plain text.
import { markdown } from "../chat/markdown/markdown.js";

for (const source of document.querySelectorAll(".markdown-source")) {
  const view = markdown(source.textContent ?? "");
  source.classList.replace("markdown-source", "drawn");
  source.replaceChildren(view);
}
