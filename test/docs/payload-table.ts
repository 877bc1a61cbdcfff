/** A payload's JSON Schema as a Markdown table: one row for each property, at every depth. */
import { NOT_OFFERED } from "../../agent/payload/schema-parts.ts";

type Schema = Readonly<Record<string, unknown>>;

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function bounds(schema: Schema, least: string, most: string): string {
  const [from, to] = [schema[least], schema[most]];
  if (from !== undefined && to !== undefined) return ` (${from} to ${to})`;
  if (from !== undefined) return ` (at least ${from})`;
  return to === undefined ? "" : ` (at most ${to})`;
}

function kindOf(schema: Schema): string {
  if (Array.isArray(schema["enum"])) return schema["enum"].map((value) => JSON.stringify(value)).join(" or ");
  if (Array.isArray(schema["anyOf"])) return schema["anyOf"].filter(isSchema).map(kindOf).join(" or ");
  if (schema["type"] === "array") {
    const items = isSchema(schema["items"]) ? ` of ${kindOf(schema["items"])}` : "";
    return `list${bounds(schema, "minItems", "maxItems")}${items}`;
  }
  if (schema["type"] === "string") {
    return schema["format"] === undefined ? "text" : schema["format"] === "uri" ? "URL" : "date and time";
  }
  if (schema["type"] === "integer") return `whole number${bounds(schema, "minimum", "maximum")}`;
  if (schema["type"] === "boolean") return "true or false";
  return schema["type"] === "object" && !isSchema(schema["properties"]) ? "object of texts" : "object";
}

function row(path: string, schema: Schema, required: boolean): string {
  if (schema[NOT_OFFERED] !== undefined) {
    const off = schema["type"] === "boolean" ? "`false`" : schema["type"] === "array" ? "an empty list" : "";
    return `| \`${path}\` | ${off === "" ? "–" : `only ${off}`} | | not offered: ${schema[NOT_OFFERED]} |`;
  }
  const standard = schema["default"];
  const filled = required ? "required" : standard === undefined ? "" : `\`${JSON.stringify(standard)}\``;
  const meaning = String(schema["description"] ?? "").replaceAll("|", "\\|");
  return `| \`${path}\` | ${kindOf(schema)} | ${filled} | ${meaning} |`;
}

function rows(schema: Schema, prefix: string): string[] {
  const properties = isSchema(schema["properties"]) ? Object.entries(schema["properties"]) : [];
  const required: readonly unknown[] = Array.isArray(schema["required"]) ? schema["required"] : [];
  return properties.flatMap(([name, property]) => {
    if (!isSchema(property)) return [];
    const path = `${prefix}${name}`;
    const inner = isSchema(property["items"]) ? rows(property["items"], `${path}[].`) : rows(property, `${path}.`);
    return [row(path, property, required.includes(name)), ...inner];
  });
}

export function payloadTable(schema: Schema): string {
  return ["| property | is | default | meaning |", "|---|---|---|---|", ...rows(schema, "")].join("\n");
}
