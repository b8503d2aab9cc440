// @ts-check
// ChatKit's theme object as our tokens. Fetched only where somebody gives one; without it the tokens of the page
// decide.

/** @typedef {import("@openai/chatkit").ThemeOption} Theme */

const SPACES = { compact: 0.85, normal: 1, spacious: 1.2 };
const RADII = { pill: [10, 14, 22], round: [8, 12, 18], soft: [6, 8, 12], sharp: [0, 0, 0] };
const UNITS = [1, 2, 3, 4, 6, 8];

/** @param {Theme} theme @returns {Record<string, string>} custom properties and their values */
export function tokensOf({ typography = {}, radius, density, color = {} }) {
  /** @type {Record<string, string | undefined>} */
  const tokens = {
    "--size-body": typography.baseSize && `${typography.baseSize}px`,
    "--font": typography.fontFamily,
    "--font-mono": typography.fontFamilyMono,
    "--accent": color.accent?.primary,
    "--bg": color.surface?.background,
    "--text": color.surface?.foreground,
  };
  if (density) for (const unit of UNITS) tokens[`--space-${unit}`] = `${unit * 0.25 * SPACES[density]}rem`;
  if (radius)
    ["-small", "", "-large"].forEach((size, index) => {
      tokens[`--radius${size}`] = `${RADII[radius][index]}px`;
    });
  if (color.accent) Object.assign(tokens, ACCENT);
  if (color.surface || color.grayscale) Object.assign(tokens, grays(color.grayscale ?? { hue: 0, tint: 0 }));
  return /** @type {Record<string, string>} */ (
    Object.fromEntries(Object.entries(tokens).filter(([, value]) => value))
  );
}

/** What follows from an accent. */
const ACCENT = {
  "--accent-hover": "color-mix(in oklab, var(--accent) 85%, var(--text))",
  "--accent-soft": "color-mix(in oklab, var(--accent) 14%, var(--bg))",
  "--glow": "color-mix(in oklab, var(--accent) 30%, var(--bg))",
  "--on-accent": "oklch(from var(--accent) clamp(0, (0.62 - l) * 1000, 1) 0 0)",
};

/**
 * Greys between background and text, with a breath of a hue.
 * @param {NonNullable<NonNullable<Theme["color"]>["grayscale"]>} grayscale
 */
function grays({ hue, tint, shade = 0 }) {
  const gray = (/** @type {number} */ share) =>
    `color-mix(in oklab, oklch(from var(--text) l ${tint * 0.006} ${hue}) ${share + shade}%, var(--bg))`;
  return {
    "--bg-panel": gray(4),
    "--bg-raised": gray(5),
    "--bg-soft": gray(9),
    "--bg-hover": gray(12),
    "--line": gray(15),
    "--line-strong": gray(50),
    "--text-2": gray(72),
  };
}

/** Dress an element; what an earlier theme said is taken back. @param {HTMLElement} host @param {Theme} theme */
export function dress(host, theme) {
  for (const name of [...host.style]) if (name.startsWith("--")) host.style.removeProperty(name);
  for (const [name, value] of Object.entries(tokensOf(theme))) host.style.setProperty(name, value);
  for (const { family, src, display, unicodeRange, style, weight } of theme.typography?.fontSources ?? []) {
    const face = new FontFace(family, `url(${JSON.stringify(src)})`, {
      display,
      unicodeRange,
      style,
      weight: weight === undefined ? weight : String(weight),
    });
    document.fonts.add(face);
  }
}
