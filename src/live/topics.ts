import type { LiveMessage } from "../core/live";

/** What a socket may ask for with `/live?topics=figures,alerts`; everything unless it does. */
export const TOPICS = ["figures", "alerts", "incident", "logs", "events"] as const;
export type Topic = (typeof TOPICS)[number];

/** The topics of a query parameter, or the first name that is none. */
export function parseTopics(
  text: string | undefined,
): { readonly topics: readonly Topic[] } | { readonly unknown: string } {
  if (text === undefined || text === "") return { topics: TOPICS };
  const topics: Topic[] = [];
  for (const name of text.split(",")) {
    const topic = TOPICS.find((t) => t === name);
    if (topic === undefined) return { unknown: name };
    if (!topics.includes(topic)) topics.push(topic);
  }
  return { topics };
}

/** A snapshot with only what was asked for. */
export function onlyTopics(
  snapshot: Extract<LiveMessage, { type: "snapshot" }>,
  topics: readonly Topic[],
): LiveMessage {
  const has = (t: Topic): boolean => topics.includes(t);
  return {
    ...snapshot,
    alerts: has("alerts") ? snapshot.alerts : [],
    incidents: has("incident") ? snapshot.incidents : [],
    logs: has("logs") ? snapshot.logs : [],
    events: has("events") ? snapshot.events : [],
  };
}
