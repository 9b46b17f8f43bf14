/** Why a request body could not be turned into bytes to parse. */
export type BodyError =
  | {
      readonly reason: "too_large";
      readonly limitBytes: number;
      readonly stage: "compressed" | "decompressed";
    }
  | {
      readonly reason: "unsupported_content_type";
      readonly got: string;
      readonly expected: readonly string[];
    }
  | {
      readonly reason: "unsupported_encoding";
      readonly got: string;
      readonly expected: readonly string[];
    }
  | { readonly reason: "malformed_encoding"; readonly encoding: string; readonly message: string }
  | { readonly reason: "malformed_json"; readonly message: string };

/** The HTTP status of each reason, the same in every dialect. */
export function bodyErrorStatus(e: BodyError): 400 | 413 | 415 {
  switch (e.reason) {
    case "too_large":
      return 413;
    case "unsupported_content_type":
    case "unsupported_encoding":
      return 415;
    case "malformed_encoding":
    case "malformed_json":
      return 400;
  }
}

/** One sentence that says what was wrong, where, and the limit if one was hit. */
export function bodyErrorMessage(e: BodyError): string {
  switch (e.reason) {
    case "too_large":
      return `the body ${e.stage === "compressed" ? "as sent" : "decompressed"} is larger than the limit of ${e.limitBytes} bytes`;
    case "unsupported_content_type":
      return `content type ${JSON.stringify(e.got)} is not supported here; expected ${e.expected.join(" or ")}`;
    case "unsupported_encoding":
      return `content encoding ${JSON.stringify(e.got)} is not supported here; expected ${e.expected.join(" or ")}`;
    case "malformed_encoding":
      return `the body is not valid ${e.encoding}: ${e.message}`;
    case "malformed_json":
      return `the body is not valid JSON: ${e.message}`;
  }
}
