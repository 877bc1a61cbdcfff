/** Clients with their access tokens, and temporary credentials that carry a signed certificate. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import slugid from "slugid";
import type { Credentials } from "../queue/types.ts";
import { anonymousScopes, satisfies } from "./scopes.ts";

/** Clocks may differ by this much around start and expiry of a certificate. */
const skewMs = 5 * 60_000;

export interface Client {
  readonly clientId: string;
  readonly accessToken: string;
  readonly scopes: readonly string[];
}

interface Certificate {
  readonly version: 1;
  readonly scopes: readonly string[];
  readonly start: number;
  readonly expiry: number;
  readonly seed: string;
  readonly signature: string;
  readonly issuer?: string;
}

/** Why credentials are not good; the text goes to the caller with a 401. */
export class CredentialsError extends Error {}

function isCertificate(value: unknown): value is Certificate {
  if (typeof value !== "object" || value === null) return false;
  const field = new Map<string, unknown>(Object.entries(value));
  const scopes = field.get("scopes");
  const issuer = field.get("issuer");
  return (
    field.get("version") === 1 &&
    Array.isArray(scopes) &&
    scopes.every((scope) => typeof scope === "string") &&
    Number.isInteger(field.get("start")) &&
    Number.isInteger(field.get("expiry")) &&
    typeof field.get("seed") === "string" &&
    typeof field.get("signature") === "string" &&
    (issuer === undefined || issuer === null || typeof issuer === "string")
  );
}

function parseCertificate(value: unknown): Certificate {
  let parsed = value;
  if (typeof value === "string") {
    try {
      parsed = JSON.parse(value);
    } catch {
      parsed = undefined;
    }
  }
  if (!isCertificate(parsed)) throw new CredentialsError("ext.certificate is not a certificate of version 1.");
  return parsed;
}

function signature(key: string, clientId: string, certificate: Omit<Certificate, "signature">): string {
  const { version, issuer, seed, start, expiry, scopes } = certificate;
  const lines = [`version:${version}`];
  if (issuer) lines.push(`clientId:${clientId}`, `issuer:${issuer}`);
  lines.push(`seed:${seed}`, `start:${start}`, `expiry:${expiry}`, "scopes:", scopes.join("\n"));
  return createHmac("sha256", key).update(lines.join("\n")).digest("base64");
}

function temporaryToken(key: string, seed: string): string {
  return createHmac("sha256", key).update(seed).digest("base64url");
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Permanent clients by clientId. Their access tokens live as long as the process. */
export class Clients {
  readonly #clients = new Map<string, Client>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The client of this name, made with a random access token when there is none yet. */
  add(clientId: string, scopes: readonly string[]): Client {
    const client = this.#clients.get(clientId) ?? {
      clientId,
      accessToken: randomBytes(33).toString("base64url"),
      scopes,
    };
    this.#clients.set(clientId, client);
    return client;
  }

  /** Temporary credentials with a name of their own, from now until `expiryMs`. */
  issue(issuer: Client, clientId: string, scopes: readonly string[], expiryMs: number): Required<Credentials> {
    const seed = slugid.v4() + slugid.v4();
    const unsigned = {
      version: 1,
      scopes,
      start: this.#now(),
      expiry: expiryMs,
      seed,
      issuer: issuer.clientId,
    } as const;
    const certificate = { ...unsigned, signature: signature(issuer.accessToken, clientId, unsigned) };
    const accessToken = temporaryToken(issuer.accessToken, seed);
    return { clientId, accessToken, certificate: JSON.stringify(certificate) };
  }

  /** Access token and scopes that this clientId has, by its certificate if there is one. Throws CredentialsError. */
  resolve(clientId: string, certificateText: unknown): Client {
    if (certificateText === undefined || certificateText === null) return this.#client(clientId);
    const certificate = parseCertificate(certificateText);
    const issuer = this.#client(certificate.issuer ?? clientId);
    if (certificate.issuer && certificate.issuer === clientId) {
      throw new CredentialsError("The issuer of a certificate must not be the client itself.");
    }
    if (certificate.issuer && !satisfies(issuer.scopes, `auth:create-client:${clientId}`)) {
      throw new CredentialsError(`The issuer ${issuer.clientId} may not create the client ${clientId}.`);
    }
    const now = this.#now();
    if (certificate.start > now + skewMs) throw new CredentialsError("The certificate is not valid yet.");
    if (certificate.expiry < now - skewMs) throw new CredentialsError("The certificate has expired.");
    if (certificate.expiry - certificate.start > 31 * 24 * 3_600_000) {
      throw new CredentialsError("The certificate is valid for more than 31 days.");
    }
    if (!equal(certificate.signature, signature(issuer.accessToken, clientId, certificate))) {
      throw new CredentialsError("The signature of the certificate is wrong.");
    }
    if (!satisfies(issuer.scopes, { AllOf: certificate.scopes })) {
      throw new CredentialsError(`The issuer ${issuer.clientId} does not have all scopes of the certificate.`);
    }
    return { clientId, accessToken: temporaryToken(issuer.accessToken, certificate.seed), scopes: certificate.scopes };
  }

  #client(clientId: string): Client {
    const client = this.#clients.get(clientId);
    if (!client) throw new CredentialsError(`There is no client ${clientId}.`);
    // Every client has the anonymous role; a certificate has only what it says.
    return { ...client, scopes: [...client.scopes, ...anonymousScopes] };
  }
}
