/** Errors as the services answer them: a code, a status, and an envelope that quotes the request. */

const statusCodes = {
  MalformedPayload: 400,
  InvalidRequestArguments: 400,
  InputValidationError: 400,
  InputError: 400,
  AuthenticationFailed: 401,
  InsufficientScopes: 403,
  ResourceNotFound: 404,
  RequestConflict: 409,
  ResourceExpired: 410,
  InputTooLarge: 413,
  InternalServerError: 500,
  ServiceUnavailable: 503,
} as const;

export type ApiErrorCode = keyof typeof statusCodes;

export class ApiError extends Error {
  readonly code: ApiErrorCode;
  readonly statusCode: number;
  constructor(code: ApiErrorCode, message: string) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.statusCode = statusCodes[code];
  }
}

export interface RequestInfo {
  readonly method: string;
  readonly params: Readonly<Record<string, string>>;
  readonly payload: unknown;
  readonly time: string;
}

/** The body of an error answer; the message ends with a footer that says which call failed. */
export function envelope(error: ApiError, requestInfo: RequestInfo): Record<string, unknown> {
  const footer = [
    "---",
    "",
    `* method:     ${requestInfo.method}`,
    `* errorCode:  ${error.code}`,
    `* statusCode: ${error.statusCode}`,
    `* time:       ${requestInfo.time}`,
  ].join("\n");
  return { code: error.code, message: `${error.message}\n\n${footer}`, requestInfo };
}
