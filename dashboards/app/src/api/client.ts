/** A refusal of the server, in the words of its body. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly status: number,
    message: string,
    readonly code: string | undefined,
  ) {
    super(message);
  }
}

/** Fired on window when the session is missing or over. */
export const LOGGED_OUT = "vedette:logged-out";

/** The JSON of an API route; the shape is the caller's word for what that route documents. */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await request(path, {
    method: "GET",
    ...(signal === undefined ? {} : { signal }),
  });
  return (await response.json()) as T;
}

/** Sends a body (JSON unless it is a string) and gives the answer's JSON, or undefined where it has none. */
export async function send<T>(
  method: "POST" | "PUT" | "DELETE",
  path: string,
  body?: unknown,
  contentType = "application/json",
): Promise<T | undefined> {
  const init: RequestInit = { method };
  if (body !== undefined) {
    init.headers = { "content-type": contentType };
    init.body = typeof body === "string" ? body : JSON.stringify(body);
  }
  const response = await request(path, init);
  const text = await response.text();
  return text === "" || !isJson(response) ? undefined : (JSON.parse(text) as T);
}

export async function getText(path: string): Promise<string> {
  return (await request(path, { method: "GET" })).text();
}

async function request(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(path, { ...init, credentials: "same-origin" });
  if (response.ok) return response;
  const error = await readError(response);
  if (response.status === 401) window.dispatchEvent(new Event(LOGGED_OUT));
  throw error;
}

/** Problem details (RFC 9457), Prometheus' `{error, errorType}`, or plain text. */
async function readError(response: Response): Promise<ApiError> {
  const text = await response.text();
  if (isJson(response)) {
    const { detail, error, message, code, errorType } = JSON.parse(text) as Readonly<
      Record<string, unknown>
    >;
    const said = [detail, error, message].find((m) => typeof m === "string");
    const named = [code, errorType].find((c) => typeof c === "string");
    return new ApiError(
      response.status,
      typeof said === "string" ? said : `HTTP ${response.status}`,
      typeof named === "string" ? named : undefined,
    );
  }
  return new ApiError(response.status, text.slice(0, 300) || `HTTP ${response.status}`, undefined);
}

function isJson(response: Response): boolean {
  return /\bjson\b/.test(response.headers.get("content-type") ?? "");
}
