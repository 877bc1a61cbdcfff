/** Puts other text in the place of a module's: files in memory for `node:fs`, and a bug that a test has planted. */
import { registerHooks } from "node:module";

/** One exact line of a file below the project's root, and what is put in its place. */
export interface Plant {
  readonly file: string;
  readonly old: string;
  readonly new: string;
}

const inMemory = ["/helper/config.ts", "/helper/journal.ts"];

/** From here on, what reads and writes files in helper/config.ts and helper/journal.ts does so in memory. */
export function useMemoryFiles(): void {
  const url = new URL("./memory-files.ts", import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "node:fs" && inMemory.some((file) => context.parentURL?.endsWith(file))
        ? { url, format: "module-typescript", shortCircuit: true }
        : next(specifier, context),
  });
}

export function plantBug({ file, old, new: by }: Plant): void {
  registerHooks({
    load: (url, context, next) => {
      const loaded = next(url, context);
      if (!url.endsWith(`/${file}`)) return loaded;
      const parts = String(loaded.source).split(old);
      if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${old}`);
      return { ...loaded, source: parts.join(by) };
    },
  });
}
