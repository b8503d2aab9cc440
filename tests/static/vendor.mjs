// Makes static/vendor/markdown-it of the package that the lock file names: `npm run vendor`. Browsers load one module
// without a build step; a test runs this and holds what it makes against what lies there.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = new URL("../../", import.meta.url);
const here = new URL("static/vendor/markdown-it/", root);
const packed = new URL("node_modules/markdown-it/", root);
const LICENSES = { "markdown-it": "LICENSE", mdurl: "LICENSE", "uc.micro": "LICENSE.txt" };

// What the package brings and a browser has already, or nobody here uses: two thirds of its size.
const OWN = {
  // The names of two thousand letters, such as `&copy;`. Only a parser of HTML knows them; a text area reads nothing else.
  entities: `export function decodeHTMLStrict(name) {
    const area = document.createElement("textarea");
    area.innerHTML = name.replaceAll("<", "&lt;");
    return area.value;
  }`,
  // Addresses with letters of other alphabets: a browser writes them as it needs them.
  "punycode.js": "const same = (name) => name; export default { toASCII: same, toUnicode: same };",
  // Bare addresses are found by GFM's rules, in chat/markdown/addresses.js.
  "linkify-it": "export class LinkifyIt {}",
};

const ours = {
  name: "ours",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[^./]/ }, ({ path }) => (path in OWN ? { path, namespace: "ours" } : null));
    onLoad({ filter: /.*/, namespace: "ours" }, ({ path }) => ({ contents: OWN[path] }));
  },
};

const { version, license } = JSON.parse(await readFile(new URL("package.json", packed), "utf8"));
const folder = process.argv[2] ?? fileURLToPath(here);
await build({
  entryPoints: [fileURLToPath(new URL("dist/markdown-it.mjs", packed))],
  outfile: `${folder}/markdown-it.js`,
  bundle: true,
  format: "esm",
  minify: true,
  legalComments: "none",
  banner: {
    js: `// markdown-it ${version} (${license}, see LICENSE), made by tests/static/vendor.mjs\n// @ts-nocheck`,
  },
  plugins: [ours],
});
const licenses = Object.entries(LICENSES).map(async ([name, file]) => {
  const text = await readFile(new URL(`node_modules/${name}/${file}`, root), "utf8");
  return `${name}\n\n${text.trim()}\n`;
});
await writeFile(`${folder}/LICENSE`, (await Promise.all(licenses)).join("\n\n"));
