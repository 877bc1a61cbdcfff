/** A call of the queue's API from bytes to answer: authentication, parameters, input, faults, the error envelope. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ValidateFunction } from "ajv";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { messageOf } from "../thrown.ts";
import { authenticate, type Caller } from "./auth.ts";
import type { Clients } from "./credentials.ts";
import { ApiError, envelope } from "./errors.ts";
import { type FaultPlan, take503, takeDrop } from "./faults.ts";
import { complaint, parameterPatterns } from "./schemas.ts";
import { missing, type ScopeExpression, satisfies } from "./scopes.ts";

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface ApiMethod {
  readonly name: string;
  readonly http: "GET" | "POST" | "PUT";
  /** As in the published reference: `/task/<taskId>/status`. */
  readonly route: string;
  /** For calls whose scopes follow from the URL alone: checked before anything else. */
  readonly scopes?: (param: (name: string) => string) => ScopeExpression;
  readonly query?: readonly string[];
  readonly handle: (call: Call) => Answer | Promise<Answer>;
}

export interface ApiContext {
  readonly clients: Clients;
  readonly faults: () => FaultPlan;
  readonly now: () => number;
}

/** A parsed body; `text` is what a payload hash covers. */
export interface Body {
  readonly text: string;
  readonly value: unknown;
}

/** Parameters that may contain a slash, sent as %2F, or as such where they end their route. */
const wildcards: readonly string[] = ["name", "taskQueueId", "workerPoolId"];

function isWildcard(route: string, name: string): boolean {
  return wildcards.includes(name) && route.endsWith(`<${name}>`);
}

export class Call {
  /** Aborts when the caller's connection ends before the answer. */
  readonly signal: AbortSignal;
  readonly params: Readonly<Record<string, string>>;
  readonly #request: FastifyRequest;
  readonly #clients: Clients;

  constructor(method: ApiMethod, request: FastifyRequest, reply: FastifyReply, clients: Clients) {
    const gone = new AbortController();
    reply.raw.once("close", () => gone.abort());
    this.signal = gone.signal;
    this.#request = request;
    this.#clients = clients;
    this.params = routeParams(method, request.params);
  }

  param(name: string): string {
    const value = this.params[name];
    if (value === undefined) throw new Error(`The route has no parameter ${name}.`);
    return value;
  }

  get runId(): number {
    return Number(this.param("runId"));
  }

  query(name: string): string | undefined {
    return new URL(this.#request.url, "http://queue").searchParams.get(name) ?? undefined;
  }

  /** Answers the caller if its scopes satisfy the expression. Throws ApiError (401, 403). */
  async authorize(expression: ScopeExpression): Promise<Caller> {
    const { method, raw, headers } = this.#request;
    const caller = await authenticate(this.#clients, {
      method,
      url: raw.url ?? "",
      hostHeader: headers.host ?? "",
      authorization: headers.authorization,
      contentType: headers["content-type"] ?? "",
      payload: bodyOf(this.#request).text,
    });
    if (!satisfies(caller.scopes, expression)) {
      const who = caller.clientId === null ? "A caller without credentials" : `Client ${caller.clientId}`;
      throw new ApiError("InsufficientScopes", `${who} lacks these scopes: ${missing(caller.scopes, expression)}`);
    }
    return caller;
  }

  /** The body, if it is JSON that the schema allows. Throws ApiError (400). */
  input<Input>(validate: ValidateFunction<Input>): Input {
    const type = this.#request.headers["content-type"] ?? "";
    if (type.split(";")[0]?.trim().toLowerCase() !== "application/json") {
      throw new ApiError("MalformedPayload", "The Content-Type of this call must be application/json.");
    }
    const { value } = bodyOf(this.#request);
    if (!validate(value)) throw new ApiError("InputValidationError", complaint(validate));
    return value;
  }

  checkArguments(query: readonly string[]): void {
    for (const [name, value] of Object.entries(this.params)) {
      if (!parameterPatterns[name]?.test(value)) {
        throw new ApiError("InvalidRequestArguments", `The URL parameter ${name} is not valid: '${value}'.`);
      }
    }
    for (const [name, value] of new URL(this.#request.url, "http://queue").searchParams) {
      if (name === "bewit") continue;
      if (!query.includes(name)) throw new ApiError("InvalidRequestArguments", `There is no query option ${name}.`);
      if (!parameterPatterns[name]?.test(value)) {
        throw new ApiError("InvalidRequestArguments", `The query option ${name} is not valid: '${value}'.`);
      }
    }
  }
}

function bodyOf(request: FastifyRequest): Body {
  const body: unknown = request.body;
  if (typeof body === "object" && body !== null && "text" in body && "value" in body && typeof body.text === "string") {
    return { text: body.text, value: body.value };
  }
  return { text: "", value: {} };
}

function routeParams(method: ApiMethod, raw: unknown): Record<string, string> {
  const values = new Map<string, unknown>(Object.entries(raw ?? {}));
  const params: Record<string, string> = {};
  for (const [, name = ""] of method.route.matchAll(/<(\w+)>/g)) {
    params[name] = String(values.get(isWildcard(method.route, name) ? "*" : name) ?? "");
  }
  return params;
}

function fastifyPath(route: string): string {
  return route.replaceAll(/<(\w+)>/g, (_, name: string) => (isWildcard(route, name) ? "*" : `:${name}`));
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  if (status === 413) return new ApiError("InputTooLarge", "The body is larger than 10 MiB.");
  const message = messageOf(error);
  if (typeof status === "number" && status < 500) return new ApiError("MalformedPayload", message);
  return new ApiError("InternalServerError", `The local queue failed: ${message}`);
}

async function run(method: ApiMethod, call: Call, context: ApiContext): Promise<Answer> {
  const faults = context.faults();
  if (faults.delayMs) await sleep(faults.delayMs, undefined, { signal: call.signal });
  if (take503(faults, method.name)) throw new ApiError("ServiceUnavailable", "A test asked for this error.");
  if (method.scopes) await call.authorize(method.scopes((name) => call.param(name)));
  call.checkArguments(method.query ?? []);
  return method.handle(call);
}

/** Adds the methods, below a service's prefix, to an instance of their own. */
export function registerMethods(app: FastifyInstance, methods: readonly ApiMethod[], context: ApiContext): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "*",
    { parseAs: "string" },
    async (_request: FastifyRequest, text: string): Promise<Body> => {
      try {
        return { text, value: text === "" ? {} : JSON.parse(text) };
      } catch {
        throw new ApiError("MalformedPayload", "The body is not JSON.");
      }
    },
  );
  for (const method of methods) {
    app.route({
      method: method.http,
      url: fastifyPath(method.route),
      exposeHeadRoute: false,
      errorHandler: (thrown, request, reply) => {
        const error = asApiError(thrown);
        const requestInfo = {
          method: method.name,
          params: routeParams(method, request.params),
          payload: bodyOf(request).value,
          time: new Date(context.now()).toISOString(),
        };
        if (error.statusCode === 401) reply.header("www-authenticate", "hawk");
        return reply.code(error.statusCode).send(envelope(error, requestInfo));
      },
      handler: async (request, reply) => {
        const answer = await run(method, new Call(method, request, reply, context.clients), context);
        if (takeDrop(context.faults(), method.name)) {
          reply.hijack();
          request.raw.socket.destroy();
          return reply;
        }
        reply.code(answer.status ?? 200).headers(answer.headers ?? {});
        return reply.send(answer.body);
      },
    });
  }
}
