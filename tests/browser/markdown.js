// For pairs of Markdown and HTML: what our reader of Markdown makes of the first, whether it means the second, and the
// time it took. An expression, which the test evaluates in a page of the server.
async (pairs) => {
  const { blocks } = await import("/static/chat/markdown/blocks.js");
  const NAMES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  const safe = (text = "") => text.replaceAll(/[&<>"]/g, (letter) => NAMES[letter]);
  const attribute = (name, value) => (value ? ` ${name}="${safe(value)}"` : "");
  const all = (tokens = []) => tokens.map((token) => draw[token.type](token)).join("");
  const around =
    (tag, more = "") =>
    ({ tokens }) =>
      `<${tag}${more}>${all(tokens)}</${tag}>`;
  const cell = ({ align, tokens }) => `<td${attribute("align", align)}>${all(tokens)}</td>`;
  const row = (cells) => `<tr>${cells.map(cell).join("")}</tr>`;
  const draw = {
    def: () => "",
    hr: () => "<hr>",
    br: () => "\n",
    code: ({ lang, text }) => {
      const name = lang && `language-${lang.split(" ")[0]}`;
      return `<pre><code${attribute("class", name)}>${safe(text)}${text && "\n"}</code></pre>`;
    },
    list: ({ ordered, start, items }) => {
      const body = items.map(around("li")).join("");
      return ordered ? `<ol${start === 1 ? "" : ` start="${start}"`}>${body}</ol>` : `<ul>${body}</ul>`;
    },
    paragraph: around("p"),
    blockquote: around("blockquote"),
    heading: (token) => around(`h${token.depth}`)(token),
    strong: around("strong"),
    em: around("em"),
    del: around("del"),
    text: ({ tokens, text }) => (tokens ? all(tokens) : safe(text)),
    codespan: ({ text }) => `<code>${safe(text)}</code>`,
    html: ({ raw }) => raw,
    checkbox: ({ checked }) => `[${checked ? "x" : " "}]`,
    image: ({ href, text, title }) => `<img src="${safe(href)}" alt="${safe(text)}"${attribute("title", title)}>`,
    link: ({ href, title, tokens }) => `<a href="${safe(href)}"${attribute("title", title)}>${all(tokens)}</a>`,
    table: ({ header, rows }) => `<table>${[header, ...rows].map(row).join("")}</table>`,
  };

  const decoded = (address) => {
    try {
      return decodeURI(address);
    } catch {
      return address;
    }
  };
  // Lines that end, percent signs in addresses and the space between blocks are no difference.
  const normal = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html.replaceAll(/<br ?\/?>/g, "\n");
    for (const name of ["href", "src"]) {
      for (const node of template.content.querySelectorAll(`[${name}]`))
        node.setAttribute(name, decoded(node.getAttribute(name)));
    }
    const block = /\n?(<\/?(?:p|ul|ol|li|h\d|hr|pre|blockquote)\b[^>]*>)\n?/g;
    return template.innerHTML
      .replaceAll(/\s*\n\s*/g, "\n")
      .replaceAll(block, "$1")
      .trim();
  };

  return pairs.map(([text, html]) => {
    const began = performance.now();
    const drawn = all(blocks(text));
    return { drawn, ms: performance.now() - began, same: html !== null && normal(drawn) === normal(html) };
  });
};
