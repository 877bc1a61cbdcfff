/** Who calls: Hawk header or bewit, checked with the client's key, its certificate and its authorizedScopes. */
import { server, utils } from "hawk";
import { messageOf } from "../thrown.ts";
import { type Client, type Clients, CredentialsError } from "./credentials.ts";
import { ApiError } from "./errors.ts";
import { anonymousScopes, satisfies } from "./scopes.ts";

/** Signed times may differ this much from ours. */
const timestampSkewSec = 15 * 60;

export interface Caller {
  /** Null without credentials. */
  readonly clientId: string | null;
  readonly scopes: readonly string[];
}

export interface SignedRequest {
  readonly method: string;
  /** Path and query exactly as they were sent. */
  readonly url: string;
  readonly hostHeader: string;
  readonly authorization: string | undefined;
  readonly contentType: string;
  /** The body, for requests whose signature covers it. */
  readonly payload: string;
}

interface Extension {
  readonly certificate: unknown;
  readonly authorizedScopes: readonly string[] | undefined;
}

function parseExtension(ext: string | undefined): Extension {
  if (!ext) return { certificate: undefined, authorizedScopes: undefined };
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(ext, "base64").toString("utf8"));
  } catch {
    throw new CredentialsError("The ext attribute is not base64 of JSON.");
  }
  const field = new Map<string, unknown>(Object.entries(parsed ?? {}));
  const authorizedScopes = field.get("authorizedScopes");
  if (authorizedScopes === undefined) return { certificate: field.get("certificate"), authorizedScopes };
  if (!Array.isArray(authorizedScopes) || !authorizedScopes.every((scope) => typeof scope === "string")) {
    throw new CredentialsError("ext.authorizedScopes is not a list of strings.");
  }
  return { certificate: field.get("certificate"), authorizedScopes };
}

function effectiveScopes(client: Client, { authorizedScopes }: Extension): readonly string[] {
  if (!authorizedScopes) return client.scopes;
  if (!satisfies(client.scopes, { AllOf: authorizedScopes })) {
    throw new CredentialsError(`The client ${client.clientId} does not have all of ext.authorizedScopes.`);
  }
  return authorizedScopes;
}

function bewitExtension(url: string): string | undefined {
  const bewit = /[?&]bewit=([^&]*)/.exec(url)?.[1] ?? "";
  return Buffer.from(bewit, "base64url").toString("utf8").split("\\")[3];
}

/** Answers the caller, with the scopes of the anonymous role in any case. Throws ApiError (401). */
export async function authenticate(clients: Clients, signed: SignedRequest): Promise<Caller> {
  const hasBewit = /[?&]bewit=/.test(signed.url);
  if (!signed.authorization && !hasBewit) return { clientId: null, scopes: anonymousScopes };
  try {
    if (signed.authorization && hasBewit) throw new CredentialsError("Use either a Hawk header or a bewit, not both.");
    const found = await verify(clients, signed);
    return { clientId: found.clientId, scopes: [...found.scopes, ...anonymousScopes] };
  } catch (error) {
    // Hawk throws errors of a package that is not ours to import; all of them mean that the caller is not known.
    const reason = messageOf(error);
    throw new ApiError("AuthenticationFailed", `Authentication failed: ${reason}`);
  }
}

async function verify(clients: Clients, signed: SignedRequest): Promise<Client> {
  const { hostname, port } = new URL(`http://${signed.hostHeader}`);
  const request = {
    method: signed.method,
    url: signed.url,
    host: hostname,
    port: Number(port || 80),
    authorization: signed.authorization,
    contentType: signed.contentType,
  };
  const header = signed.authorization ? utils.parseAuthorizationHeader(signed.authorization) : undefined;
  const extension = parseExtension(header ? header.ext : bewitExtension(signed.url));
  let client: Client | undefined;
  const credentials = async (clientId: string) => {
    client = clients.resolve(clientId, extension.certificate);
    return { key: client.accessToken, algorithm: "sha256" } as const;
  };
  // Signed times are compared with the real clock: callers sign with theirs even where a test moves ours.
  if (header) {
    await server.authenticate(request, credentials, {
      timestampSkewSec,
      ...(header.hash ? { payload: signed.payload } : {}),
    });
  } else {
    await server.authenticateBewit(request, credentials);
  }
  if (!client) throw new CredentialsError("The request names no client.");
  return { ...client, scopes: effectiveScopes(client, extension) };
}
