/** Property lists in XML: the jobs of launchd and the profile for a management system are such. */

/** What a property list of ours can hold. */
export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

/** Text of an element. Throws for what XML cannot carry. */
export function escapeXml(text: string): string {
  const forbidden = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.exec(text);
  if (forbidden) throw new Error("a property list cannot hold control characters");
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\r", "&#13;");
}

function render(value: Value, indent: string): string {
  if (typeof value === "string") return `${indent}<string>${escapeXml(value)}</string>\n`;
  if (typeof value === "boolean") return `${indent}<${value}/>\n`;
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new Error("a property list of ours holds whole numbers only");
    return `${indent}<integer>${value}</integer>\n`;
  }
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    return `${indent}<array>\n${value.map((item) => render(item, inner)).join("")}${indent}</array>\n`;
  }
  const entries = Object.entries(value).map(
    ([key, item]) => `${inner}<key>${escapeXml(key)}</key>\n${render(item, inner)}`,
  );
  return `${indent}<dict>\n${entries.join("")}${indent}</dict>\n`;
}

/** The whole file, ending in a line feed; the keys stay in their order. Throws for what XML cannot carry. */
export function renderPropertyList(content: { readonly [key: string]: Value }): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
${render(content, "  ")}</plist>
`;
}
