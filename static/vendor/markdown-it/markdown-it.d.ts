// For the type checker: what the module beside this one is.
export { default } from "markdown-it";
