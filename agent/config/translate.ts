/** A configuration file in taskcluster-worker's layout becomes one in ours; any other stays as it is. */
import { parse } from "yaml";
import { messageOf } from "../thrown.ts";
import { ConfigError } from "./load.ts";
import { isTaskclusterWorkers, ourSettings } from "./taskcluster-worker-file.ts";
import { type TransformSources, transform } from "./transforms.ts";

export interface NamedText {
  readonly name: string;
  readonly text: string;
}

function contentOf(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch {
    // `loadConfig` says where it is no YAML.
    return null;
  }
}

/** Throws ConfigError; `notice` hears a sentence for each setting that has no effect. */
export async function translate(
  file: NamedText,
  sources: TransformSources,
  notice: (sentence: string) => void,
): Promise<NamedText> {
  const content = contentOf(file.text);
  if (!isTaskclusterWorkers(content)) return file;
  const failed = (whys: readonly string[]) =>
    new ConfigError(
      whys.map((why) => `${file.name}: ${why}.`),
      false,
    );
  const strange = Object.keys(content).filter((key) => key !== "config" && key !== "transforms");
  if (strange.length > 0)
    throw failed([`beside "config" there is ${JSON.stringify(strange[0])}, which belongs into it`]);
  const { transforms = [] } = content;
  if (!Array.isArray(transforms)) throw failed(["transforms must be a list of names"]);
  const transformed = await transform(transforms, content.config, sources).catch((error: unknown) => {
    throw failed([messageOf(error)]);
  });
  const { settings, errors, notices } = ourSettings(transformed);
  if (errors.length > 0) throw failed(errors);
  for (const each of notices) notice(`${file.name}: ${each}`);
  return { name: file.name, text: JSON.stringify(settings) };
}
