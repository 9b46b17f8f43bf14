import type { Actor } from "../../core/auth";
import type { EventDraft, ProductEvent } from "../../core/events";
import type { LiveEvent } from "../../core/live";
import { type Result, err, ok } from "../../core/result";
import { scrubRules } from "../../core/scrub";
import { eventMetrics } from "../../events/derived-metrics";
import { enrichEvents, type RequestClient } from "../../events/enrich";
import { NameCap } from "../../events/name-cap";
import { visitorId } from "../../events/visitor";
import { toHex } from "../../ingest/body/hex";
import { countDerived } from "../derived-metrics";
import type { Deps } from "../deps";
import { publishLive } from "../live-publish";
import { type StoreRefusal, storeRefusal } from "../store-refusal";

export interface StoredEvents {
  readonly accepted: number;
  readonly duplicates: number;
}

const names = new NameCap();
const rules = scrubRules();

/**
 * Enriches, scrubs and keeps events, then counts, samples and shows them. Sending the same again after
 * a refusal is safe wherever the events carry ids, or `batchId` is the sender's.
 */
export async function storeEvents(
  deps: Deps,
  actor: Actor,
  batchId: string,
  client: RequestClient,
  drafts: readonly { readonly index: number; readonly draft: EventDraft }[],
): Promise<Result<StoredEvents, StoreRefusal>> {
  const { projectId } = actor;
  const nowMs = deps.clock();
  const events = await enrichEvents(drafts, {
    nowMs,
    idFor: (index) => `${batchId}.${index}`,
    client,
    visitorId: (c) => visitorId(deps.config.tokenSecret, projectId, nowMs, c),
    scrub: rules,
  });
  if (events.length === 0) return ok({ accepted: 0, duplicates: 0 });
  let duplicates: number;
  try {
    ({ duplicates } = await deps.events(projectId).append(events, nowMs));
  } catch (e) {
    const refusal = storeRefusal(e);
    if (refusal === undefined) throw e;
    return err(refusal);
  }
  const counted = await countDerived(
    deps,
    projectId,
    "events",
    eventMetrics(events, {
      batchId: await idsDigest(events),
      nowMs,
      label: (name) => names.label(projectId, name),
    }),
  );
  if (!counted.ok) return counted;
  // A repeat was sampled and shown the first time; of a mixed request it is not known which are new.
  if (duplicates < events.length) {
    deps.analytics(projectId).writeEvents(events);
    publishLive(deps, projectId, () => [{ type: "events", events: events.map(liveEvent) }]);
  }
  return ok({ accepted: events.length - duplicates, duplicates });
}

/** The same events give the same id, however their request was sent. */
async function idsDigest(events: readonly ProductEvent[]): Promise<string> {
  // Each with its length, so that no two lists are written alike.
  const ids = events.map((e) => `${e.person.length} ${e.id.length} ${e.person}${e.id}`).join("");
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`events ${ids}`));
  return toHex(new Uint8Array(hash, 0, 16));
}

export function liveEvent(e: ProductEvent): LiveEvent {
  const shown: Record<string, string> = {};
  const facts = { path: e.path, country: e.country, browser: e.browser, device: e.device };
  for (const [k, v] of Object.entries(facts)) if (v !== "") shown[k] = v;
  for (const [k, v] of Object.entries(e.properties).slice(0, MAX_SHOWN))
    if (v !== null && k !== "__proto__")
      shown[k] = typeof v === "object" ? JSON.stringify(v) : String(v);
  return { timeMs: e.timeMs, name: e.name, visitor: e.person, properties: shown };
}

const MAX_SHOWN = 20;
