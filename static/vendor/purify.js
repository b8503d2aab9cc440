// DOMPurify's package has its minified build only in the old universal format, which leaves a global behind. This makes
// a module of it: half the size of the package's own, unminified one.
import "./purify.min.js";

export default globalThis.DOMPurify;
