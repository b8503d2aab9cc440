// For pairs of Markdown and HTML: what our reader of Markdown makes of the first, whether it means the second, and the
// time it took. Tokens are compared, drawn by the library itself: on the page HTML is text and an image a link. An
// expression, which the test evaluates in a page of the server.
async (pairs) => {
  const { parser } = await import("/static/chat/markdown/parser.js");
  parser.renderer.rules.checkbox = (tokens, index) =>
    `<input ${tokens[index].meta.checked ? "checked " : ""}disabled type="checkbox"> `;

  const decoded = (address) => {
    try {
      return decodeURI(address);
    } catch {
      return address;
    }
  };
  // Lines that end, percent signs in addresses, ways to align and the space between blocks are no difference.
  const normal = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html.replaceAll(/<br ?\/?>/g, "\n").replaceAll(/ style="text-align:(\w+)"/g, ' align="$1"');
    for (const name of ["href", "src"]) {
      for (const node of template.content.querySelectorAll(`[${name}]`))
        node.setAttribute(name, decoded(node.getAttribute(name)));
    }
    for (const box of template.content.querySelectorAll("input")) {
      const attributes = ["checked", "disabled", "type"].filter((name) => box.hasAttribute(name));
      box.replaceWith(`[${attributes.join(" ")}]`);
    }
    const block = /\n?(<\/?(?:p|ul|ol|li|h\d|hr|pre|blockquote|table|thead|tbody|tr|th|td)\b[^>]*>)\n?/g;
    return template.innerHTML
      .replaceAll(/\s*\n\s*/g, "\n")
      .replaceAll(block, "$1")
      .replaceAll(/ +(?=<|\n)|(?<=\]) +/g, "")
      .trim();
  };

  return pairs.map(([text, html]) => {
    const began = performance.now();
    const drawn = parser.render(text);
    const ms = performance.now() - began;
    return { drawn: normal(drawn), ms, same: html !== null && normal(drawn) === normal(html) };
  });
};
