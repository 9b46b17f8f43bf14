import type { EventDraft, ProductEvent } from "../core/events";
import { type ScrubRules, scrubText, scrubValue } from "../core/scrub";
import { personOf } from "./person";
import { clientKind, isBrowser } from "./user-agent";

/** What the request tells about its sender. */
export interface RequestClient {
  readonly ip: string;
  readonly userAgent: string;
  readonly country: string;
}

export interface EnrichOptions {
  /** Ms: the time of events whose sender gave none. */
  readonly nowMs: number;
  /** The id of an event whose sender gave none. */
  readonly idFor: (index: number) => string;
  readonly client: RequestClient;
  /** visitor.ts with the deployment's secret, or a test's own. */
  readonly visitorId: (client: {
    readonly ip: string;
    readonly userAgent: string;
  }) => Promise<string>;
  readonly scrub: ScrubRules;
}

/**
 * Drafts as events. What the sender says about the visitor counts; else the request speaks for the visitor, but
 * only where a browser sent it: a server's address and programs are not its users'.
 */
export async function enrichEvents(
  drafts: readonly { readonly index: number; readonly draft: EventDraft }[],
  options: EnrichOptions,
): Promise<ProductEvent[]> {
  const visitors = new Map<string, Promise<string>>();
  const visitor = (ip: string, userAgent: string): Promise<string> => {
    const key = `${ip}\n${userAgent}`;
    const known = visitors.get(key) ?? options.visitorId({ ip, userAgent });
    visitors.set(key, known);
    return known;
  };
  return await Promise.all(
    drafts.map(async ({ index, draft }) => {
      const id = draft.id ?? options.idFor(index);
      const client = clientOf(draft, options.client);
      const kind = clientKind(client.userAgent);
      // Kept beside a user id too: it joins what the same browser did before it was known.
      const visitorId = isBrowser(kind) ? await visitor(client.ip, client.userAgent) : "";
      const { userId, anonymousId } = draft;
      return {
        id,
        timeMs: draft.timeMs ?? options.nowMs,
        timed: draft.timeMs === undefined ? "by_server" : "by_sender",
        name: draft.name,
        person: personOf({ userId, anonymousId, visitorId }, id),
        userId,
        anonymousId,
        visitorId,
        sessionId: draft.sessionId,
        path: pathOf(draft.url),
        referrer: referrerHost(draft.referrer, draft.url),
        country: client.country,
        device: kind.device,
        browser: kind.browser,
        os: kind.os,
        value: valueOf(draft.properties),
        properties: scrubProperties(options.scrub, draft.properties),
      } satisfies ProductEvent;
    }),
  );
}

function clientOf(draft: EventDraft, request: RequestClient): RequestClient {
  if (draft.userAgent !== "" || draft.ip !== "")
    return { ip: draft.ip, userAgent: draft.userAgent, country: draft.country };
  return isBrowser(clientKind(request.userAgent))
    ? { ...request, country: draft.country === "" ? request.country : draft.country }
    : { ip: "", userAgent: "", country: draft.country };
}

/** Path of an address or of a path; queries and fragments carry tokens and names, and split pages. */
export function pathOf(url: string): string {
  if (url === "") return "";
  if (!url.startsWith("/") && !URL.canParse(url)) return "";
  const path = new URL(url, "http://page.invalid").pathname;
  return scrubText(path.slice(0, MAX_PATH));
}

/** Host of another site's page; "" where the visitor came from the same site. */
export function referrerHost(referrer: string, url: string): string {
  if (!URL.canParse(referrer)) return "";
  const from = new URL(referrer);
  if (from.protocol !== "http:" && from.protocol !== "https:") return "";
  const host = from.host.replace(/^www\./, "");
  const own = URL.canParse(url) ? new URL(url).host.replace(/^www\./, "") : "";
  return host === own ? "" : host;
}

const MAX_PATH = 512;

function valueOf(properties: Readonly<Record<string, unknown>>): number | null {
  for (const name of ["value", "revenue"]) {
    const v = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (typeof v === "number" && Number.isFinite(v)) return v;
  }
  return null;
}

function scrubProperties(
  rules: ScrubRules,
  properties: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  // An object in gives an object out (core/scrub.ts).
  return scrubValue(rules, properties) as Record<string, unknown>;
}
