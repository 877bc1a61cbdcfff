/** What a context is, by its name. */
import type { ArchiveKind } from "../engine/engine.ts";
import { sanitise } from "./link-name.ts";

export interface ContextKind {
  /** `file`: it is placed as it is, executable. */
  readonly kind: ArchiveKind | "file";
  /** The name that the file gets in the home; of an archive, its own. */
  readonly name: string;
}

/** `name` is safe, as `nameOfLink` makes it. */
export function contextKind(name: string): ContextKind {
  const lower = name.toLowerCase();
  if (lower.endsWith(".zip")) return { kind: "zip", name };
  if (lower.endsWith(".tar")) return { kind: "tar", name };
  if (lower.endsWith(".tar.gz") || lower.endsWith(".tgz")) return { kind: "tar.gz", name };
  if (lower.endsWith(".gz")) return { kind: "gz", name: sanitise(name.slice(0, -".gz".length)) ?? "context" };
  return { kind: "file", name };
}
