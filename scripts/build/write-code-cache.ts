// node [FLAGS] write-code-cache.ts SCRIPT CACHE: V8's form of a script. V8 takes it only under the version and flags that made it.
import { readFileSync, writeFileSync } from "node:fs";
import { Script } from "node:vm";

const [source = "", cache = ""] = process.argv.slice(2);
writeFileSync(cache, new Script(readFileSync(source, "utf8")).createCachedData());
