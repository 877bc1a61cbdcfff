/**
 * Turns a source of the helper into the same with fault points: before and after each `await`, and before and after each
 * step that asks the system for a change. The parser is the one inside Node, hence the flag `--expose-internals`.
 */
import { createRequire, stripTypeScriptTypes } from "node:module";
import type { Plan } from "./fault.ts";

interface Syntax {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

const steps =
  /^(mkdirSync|lchownSync|chmodSync|rmdirSync|renameSync|openSync|writeFileSync|writeSync|linkSync|unlinkSync|spawn)$/;
/** The other modules only compute. */
const files =
  /^(life|accounts|records|reap|dscl|table|session|journal|audit|directories|spawn|lock|listen|main|helper)\.ts$/;

function isSyntax(value: unknown): value is Syntax {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

/** The identifier in a field, or "". */
function nameIn(node: unknown, field: string): string {
  const found = isSyntax(node) ? node[field] : undefined;
  return isSyntax(found) && typeof found["name"] === "string" ? found["name"] : "";
}

/** What a call calls: `chmodSync`, `process.kill`, `directories.remove`. */
function calleeOf(node: unknown): string {
  if (!isSyntax(node) || node.type !== "CallExpression") return "";
  const { callee } = node;
  if (!isSyntax(callee) || callee.type !== "MemberExpression") return nameIn(node, "callee");
  return `${nameIn(callee, "object")}.${nameIn(callee, "property")}`;
}

/** A name for the step at this node, or undefined when there is none. */
function stepAt(node: Syntax): string | undefined {
  if (node.type === "AwaitExpression") return `await-${calleeOf(node["argument"]) || "value"}`;
  const callee = calleeOf(node);
  return steps.test(callee) || callee === "process.kill" ? callee : undefined;
}

/** The name of the function that begins here and gives its points their name. */
function functionAt(node: Syntax): string {
  if (node.type === "FunctionDeclaration") return nameIn(node, "id");
  if (node.type === "MethodDefinition") return nameIn(node, "key");
  return "";
}

function childrenOf(node: Syntax): Syntax[] {
  return Object.values(node)
    .flat()
    .filter(isSyntax)
    .sort((a, b) => a.start - b.start);
}

export interface Point {
  /** `life.ts#endUser#2`: the second point of this function, in the order of the source. */
  readonly name: string;
  readonly step: string;
  readonly start: number;
  readonly end: number;
}

export function pointsOf(file: string, code: string): Point[] {
  const { parse }: { parse(code: string, options: object): Syntax } = createRequire(import.meta.url)(
    "internal/deps/acorn/acorn/dist/acorn",
  );
  const counts = new Map<string, number>();
  const points: Point[] = [];
  const visit = (node: Syntax, within: string): void => {
    const inside = functionAt(node) || within;
    const step = stepAt(node);
    if (step) {
      const count = (counts.get(inside) ?? 0) + 1;
      counts.set(inside, count);
      points.push({ name: `${file}#${inside}#${count}`, step, start: node.start, end: node.end });
    }
    for (const child of childrenOf(node)) visit(child, inside);
  };
  visit(parse(code, { ecmaVersion: "latest", sourceType: "module" }), "module");
  return points;
}

/** Lines keep their numbers. `runtime` is the URL of fault.ts. Throws when a text to be replaced is not there. */
export function instrument(file: string, text: string, runtime: string, replace: Plan["replace"]): string {
  let source = text;
  for (const { from, to } of replace.filter((each) => each.file === file)) {
    if (!source.includes(from)) throw new Error(`${file} has no ${from}`);
    source = source.replace(from, to);
  }
  const code = stripTypeScriptTypes(source);
  if (!files.test(file)) return code;
  const points = pointsOf(file, code);
  const inserts = points.flatMap(({ name, step, start, end }) => {
    const words = `"${name}", "${step}"`;
    return [
      { at: start, text: `(__before(${words}), __after(${words}, ` },
      { at: end, text: "))" },
    ];
  });
  let result = code;
  for (const { at, text } of inserts.sort((a, b) => b.at - a.at))
    result = result.slice(0, at) + text + result.slice(at);
  return `import { before as __before, after as __after } from ${JSON.stringify(runtime)}; ${result}`;
}
