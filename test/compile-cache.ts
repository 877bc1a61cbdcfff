/** Loaded before each test file: keeps what Node compiles beside the packages. Where that is not writable, nothing is kept. */
import { enableCompileCache } from "node:module";
import { join } from "node:path";

enableCompileCache(join(import.meta.dirname, "../node_modules/.cache/tests"));
