import { checkOutgoingUrl } from "../../core/outgoing-url";
import type { ScrapeAuth } from "../../scrape/model";
import { MAX_REDIRECTS } from "../../scrape/probe";

/** How the outside is reached: the platform's fetch, or that of a binding for a private host. */
export interface Outside {
  readonly local: boolean;
  /** Hosts behind a binding (SCRAPE_BINDINGS). */
  readonly bindings: ReadonlyMap<string, Fetcher>;
}

export interface OutgoingRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly auth: ScrapeAuth | undefined;
  readonly followRedirects: boolean;
  readonly bodyLimit: number;
  readonly timeoutMs: number;
}

export interface OutgoingAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly https: boolean;
  readonly redirects: number;
  readonly body: Uint8Array;
  /** Whether the body went on beyond the limit. */
  readonly cut: boolean;
  /** After the request began, ms: the last answer's headers. */
  readonly headersMs: number;
}

const CREDENTIALS = ["authorization", "cookie", "proxy-authorization"];

/** Why nothing came back; the message is shown as a target's last error. */
export class OutgoingError extends Error {
  override readonly name = "OutgoingError";
}

/**
 * One request to a target, redirects followed one by one so that each address is checked: a public name must not lead
 * into a network.
 * @throws OutgoingError
 */
export async function fetchOutside(
  request: OutgoingRequest,
  outside: Outside,
  now: () => number,
): Promise<OutgoingAnswer> {
  const began = now();
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), request.timeoutMs);
  try {
    let url = checkedUrl(request.url, outside);
    const origin = url.origin;
    let { method, body: sent } = request;
    for (let redirects = 0; ; redirects++) {
      const headers = new Headers(request.headers);
      if (request.auth !== undefined) headers.set("authorization", authorizationOf(request.auth));
      // Credentials are the target's; another host does not get them.
      if (url.origin !== origin) for (const name of CREDENTIALS) headers.delete(name);
      const response = await fetcherOf(url, outside)(url.href, {
        method,
        headers,
        ...(sent === undefined ? {} : { body: sent }),
        redirect: "manual",
        signal: abort.signal,
      });
      const location = response.headers.get("location");
      const isRedirect = [301, 302, 303, 307, 308].includes(response.status) && location !== null;
      if (!isRedirect || !request.followRedirects) {
        const headersMs = now() - began;
        const { body, cut } = await readAtMost(response, request.bodyLimit);
        return {
          status: response.status,
          headers: response.headers,
          https: url.protocol === "https:",
          // One that is not followed counts too, as blackbox_exporter has it.
          redirects: isRedirect ? redirects + 1 : redirects,
          body,
          cut,
          headersMs,
        };
      }
      await response.body?.cancel();
      if (redirects === MAX_REDIRECTS)
        throw new OutgoingError(`stopped after ${MAX_REDIRECTS} redirects`);
      url = checkedUrl(new URL(location, url).href, outside);
      // As every client: only 307 and 308 repeat the request as it was (RFC 9110, 15.4).
      if (response.status < 304 && method !== "GET" && method !== "HEAD") {
        method = "GET";
        sent = undefined;
      }
    }
  } catch (e) {
    if (e instanceof OutgoingError) throw e;
    if (abort.signal.aborted) throw new OutgoingError("context deadline exceeded", { cause: e });
    throw new OutgoingError(e instanceof Error ? e.message : String(e), { cause: e });
  } finally {
    clearTimeout(timer);
  }
}

function checkedUrl(text: string, outside: Outside): URL {
  if (URL.canParse(text) && outside.bindings.has(new URL(text).hostname)) return new URL(text);
  const checked = checkOutgoingUrl(text, outside.local);
  if (!checked.ok) throw new OutgoingError(`private_target: ${checked.error.message}`);
  return checked.value;
}

function fetcherOf(url: URL, outside: Outside): typeof fetch {
  const binding = outside.bindings.get(url.hostname);
  return binding === undefined ? fetch : (binding.fetch.bind(binding) as typeof fetch);
}

function authorizationOf(auth: ScrapeAuth): string {
  if (auth.kind === "header") return auth.value;
  const bytes = new TextEncoder().encode(`${auth.username}:${auth.password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

async function readAtMost(
  response: Response,
  limit: number,
): Promise<{ readonly body: Uint8Array; readonly cut: boolean }> {
  if (response.body === null) return { body: new Uint8Array(), cut: false };
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    size += value.length;
    if (size <= limit) continue;
    await reader.cancel().catch(() => undefined);
    break;
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const c of chunks) {
    body.set(c, at);
    at += c.length;
  }
  return { body: body.subarray(0, limit), cut: size > limit };
}
