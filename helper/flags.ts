/** The one list of Node flags that the helper runs under. The plist and the starter render it; the helper compares. */
import type { Config } from "./config.ts";
import type { Places } from "./places.ts";

const fixed =
  `--permission --allow-child-process --allow-net --allow-fs-read=/ --disable-proto=throw --frozen-intrinsics
  --disallow-code-generation-from-strings --no-addons --disable-sigusr1 --no-experimental-ffi --no-global-search-paths
  --max-old-space-size=32 --max-semi-space-size=1 --v8-pool-size=1 --disable-warning=ExperimentalWarning
  --disable-warning=SecurityWarning`.split(/\s+/);

/** The directories that the helper may write to, and nothing else. */
export function writable(places: Places, config: Config): string[] {
  return [places.state, places.logs, places.socketDir, config.tasksDir];
}

/**
 * `installed`: the types are blanked out of the sources, so that no executable memory is needed. From a checkout Node
 * strips them with WebAssembly, which --jitless switches off.
 */
export function helperFlags(places: Places, config: Config, installed: boolean): string[] {
  const writes = writable(places, config).flatMap((path) => [path, `${path}/*`]);
  return [...fixed, ...writes.map((path) => `--allow-fs-write=${path}`), ...(installed ? ["--jitless"] : [])];
}
