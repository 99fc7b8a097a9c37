import { isBuiltin } from "node:module";
import type { Plugin } from "esbuild";

/**
 * Node's own modules are taken when they are first needed, and without the ES module wrapper around them, which reads
 * every export: among those of `http` is a WebSocket, and reading it loads a whole HTTP client. The bundler would look at every
 * export too, once for each file that imports the module; an object that only inherits them shows it none.
 */
export const lazyBuiltins: Plugin = {
  name: "lazy-builtins",
  setup(build) {
    const kinds = ["import-statement", "require-call", "dynamic-import"];
    build.onResolve({ filter: /^(node:)?[a-z_0-9/]+$/ }, ({ path, kind }) =>
      kinds.includes(kind) && isBuiltin(path) ? { path: path.replace(/^node:/, ""), namespace: "builtin" } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `const builtin = process.getBuiltinModule("node:${path}");
        module.exports = typeof builtin === "function" ? builtin : Object.create(builtin);`,
      loader: "js",
    }));
  },
};
