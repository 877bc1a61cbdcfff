/** The parts of hawk 9 that the embedded queue and its tests use; the package has no types. */
declare module "hawk" {
  interface HawkCredentials {
    readonly key: string;
    readonly algorithm: "sha256";
  }
  interface HawkRequest {
    readonly method: string;
    readonly url: string;
    readonly host: string;
    readonly port: number;
    readonly authorization: string | undefined;
    readonly contentType: string;
  }
  type CredentialsFunction = (id: string) => Promise<HawkCredentials | null>;
  export const client: {
    header(
      url: string,
      method: string,
      options: {
        credentials: HawkCredentials & { readonly id: string };
        ext?: string;
        timestamp?: number;
        payload?: string;
        contentType?: string;
      },
    ): { header: string };
  };
  export const server: {
    authenticate(
      request: HawkRequest,
      credentials: CredentialsFunction,
      options: { timestampSkewSec: number; payload?: string },
    ): Promise<unknown>;
    authenticateBewit(request: HawkRequest, credentials: CredentialsFunction, options?: object): Promise<unknown>;
  };
  export const utils: {
    parseAuthorizationHeader(header: string): Readonly<Partial<Record<"id" | "ext" | "hash", string>>>;
  };
}
