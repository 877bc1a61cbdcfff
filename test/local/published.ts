/** The published API references and JSON Schemas of the real services, where they are at hand. */
import { existsSync, readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";

const path = new URL("../../../shared/taskcluster/references.json", import.meta.url);

export const needsReferences: string | false = existsSync(path)
  ? false
  : "the published schemas are not here: ../shared/taskcluster/references.json";

export interface PublishedEntry {
  name: string;
  method: string;
  route: string;
  query: string[];
  scopes?: unknown;
  input?: string;
  output?: string;
}

interface Published {
  /** The calls of a service by name. */
  entries(service: string): Map<string, PublishedEntry>;
  /** A validator for a schema that an entry names, for example `v1/task.json#`. */
  validator(service: string, schema: string): ValidateFunction;
}

let loaded: Published | undefined;

/** Reads them all, once; only where `needsReferences` is false. */
export function loadPublished(): Published {
  loaded ??= load();
  return loaded;
}

function load(): Published {
  const files: { filename: string; content: Record<string, unknown> }[] = JSON.parse(readFileSync(path, "utf8"));
  const ajv = new Ajv({ strict: false, useDefaults: true, validateFormats: true });
  formats.default(ajv);
  for (const { filename, content } of files) {
    if (!/^schemas\/(queue|object|purge-cache|worker-manager)\//.test(filename)) continue;
    // Their meta-schema says more about style than about meaning.
    const { $schema: _, ...schema } = content;
    ajv.addSchema(schema);
  }
  return {
    entries(service) {
      const reference = files.find(({ filename }) => filename === `references/${service}/v1/api.json`);
      const entries: PublishedEntry[] = JSON.parse(JSON.stringify(reference?.content["entries"] ?? []));
      return new Map(entries.map((entry) => [entry.name, entry]));
    },
    validator(service, schema) {
      const validate = ajv.getSchema(`/schemas/${service}/${schema}`);
      if (!validate) throw new Error(`There is no published schema ${schema} of ${service}.`);
      return validate;
    },
  };
}
