export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What an event object says about itself, and everything else as its properties. */
export interface Claim {
  readonly name: unknown;
  readonly id: unknown;
  readonly time: unknown;
  readonly userId: unknown;
  readonly anonymousId: unknown;
  readonly sessionId: unknown;
  readonly url: unknown;
  readonly referrer: unknown;
  readonly ip: unknown;
  readonly userAgent: unknown;
  readonly country: unknown;
  readonly properties: JsonObject | "malformed";
}

type Field = Exclude<keyof Claim, "properties">;

/** The names that each field goes by among senders; the first that is there counts. */
const FIELDS: Readonly<Record<Field, readonly string[]>> = {
  name: ["event", "event_name", "eventName", "name", "event_type", "eventType", "action", "type"],
  id: ["id", "event_id", "eventId", "message_id", "messageId", "insert_id", "$insert_id"],
  time: ["timestamp", "time", "ts"],
  userId: ["user_id", "userId", "distinct_id", "distinctId"],
  anonymousId: ["anonymous_id", "anonymousId", "device_id"],
  sessionId: ["session_id", "sessionId"],
  url: ["url", "page_url", "$current_url"],
  referrer: ["referrer", "referer"],
  ip: ["ip", "ip_address"],
  userAgent: ["user_agent", "userAgent"],
  country: ["country", "country_code"],
};

/** Fields that senders also put among the properties; there they stay visible, except for the address. */
const IN_PROPERTIES: ReadonlySet<Field> = new Set([
  "id",
  "userId",
  "anonymousId",
  "sessionId",
  "url",
  "referrer",
  "ip",
]);
/** Names of the object that holds the properties. */
const BAGS = ["properties", "props", "attributes", "data"];

interface Alias {
  readonly field: Field;
  /** Place among the names of its field. */
  readonly rank: number;
}

/** Name → field: an event is walked once, whatever it is called. */
const ALIASES: ReadonlyMap<string, Alias> = new Map(
  (Object.entries(FIELDS) as [Field, readonly string[]][]).flatMap(([field, names]) =>
    names.map((name, rank): [string, Alias] => [name, { field, rank }]),
  ),
);

/**
 * Reads an event of any of the common shapes: `{event, properties}`, `{name, …}`,
 * `{event_type, free fields…}`. Unknown top-level fields join the properties.
 */
export function claimFields(item: JsonObject): Claim {
  const bagName = BAGS.find((b) => isObject(own(item, b)));
  const claimed = new Map<Field, { readonly name: string; readonly rank: number }>();
  const claim: Partial<Record<Field, unknown>> = {};
  // Without a prototype, so that a name like `__proto__` is only a name.
  const properties = Object.create(null) as Record<string, unknown>;
  for (const name of Object.keys(item)) {
    const value = item[name];
    if (name === bagName) continue;
    const alias = ALIASES.get(name);
    if (alias === undefined || value === undefined || value === null) {
      properties[name] = value;
      continue;
    }
    const before = claimed.get(alias.field);
    if (before !== undefined && before.rank < alias.rank) {
      properties[name] = value;
      continue;
    }
    if (before !== undefined) properties[before.name] = claim[alias.field];
    claim[alias.field] = value;
    claimed.set(alias.field, { name, rank: alias.rank });
  }
  const plain = own(item, "properties");
  const malformed = bagName === undefined && plain !== undefined && plain !== null;
  if (bagName !== undefined) readBag(item[bagName] as JsonObject, claim, claimed, properties);
  // An address is used for the visitor id alone, wherever it stood.
  for (const name of FIELDS.ip) delete properties[name];
  return { ...NOTHING, ...claim, properties: malformed ? "malformed" : properties };
}

const NOTHING: Readonly<Record<Field, undefined>> = {
  name: undefined,
  id: undefined,
  time: undefined,
  userId: undefined,
  anonymousId: undefined,
  sessionId: undefined,
  url: undefined,
  referrer: undefined,
  ip: undefined,
  userAgent: undefined,
  country: undefined,
};

/** What the top level did not say may stand among the properties. */
function readBag(
  bag: JsonObject,
  claim: Partial<Record<Field, unknown>>,
  claimed: ReadonlyMap<Field, unknown>,
  properties: Record<string, unknown>,
): void {
  const ranks = new Map<Field, number>();
  for (const name of Object.keys(bag)) {
    const value = bag[name];
    properties[name] = value;
    const alias = ALIASES.get(name);
    if (alias === undefined || value === undefined || value === null) continue;
    const { field, rank } = alias;
    // An `id` among the properties is the thing's that the event is about.
    if (name === "id" || !IN_PROPERTIES.has(field) || claimed.has(field)) continue;
    if ((ranks.get(field) ?? Infinity) < rank) continue;
    claim[field] = value;
    ranks.set(field, rank);
  }
}

function own(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
