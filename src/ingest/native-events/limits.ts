/** What one request and one event may hold. Mixpanel takes 2,000 events a request, Segment 32 KB an event. */
export const EVENT_LIMITS = {
  perRequest: 2_000,
  nameLength: 200,
  idLength: 200,
  urlLength: 2_048,
  /** Of the JSON, UTF-8. */
  propertyBytes: 32 * 1024,
  /** Of objects and lists in each other. */
  levels: 32,
  futureMs: 10 * 60_000,
  /** As long as events are kept. */
  ageMs: 395 * 86_400_000,
} as const;
