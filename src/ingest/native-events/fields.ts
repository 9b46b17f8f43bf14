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
const IN_PROPERTIES: readonly Field[] = [
  "id",
  "userId",
  "anonymousId",
  "sessionId",
  "url",
  "referrer",
  "ip",
];
/** Names of the object that holds the properties. */
const BAGS = ["properties", "props", "attributes", "data"];

/**
 * Reads an event of any of the common shapes: `{event, properties}`, `{name, …}`,
 * `{event_type, free fields…}`. Unknown top-level fields join the properties.
 */
export function claimFields(item: JsonObject): Claim {
  const used = new Set<string>();
  const take = (field: Field): unknown => {
    for (const name of FIELDS[field]) {
      const value = own(item, name);
      if (value === undefined || value === null) continue;
      used.add(name);
      return value;
    }
    return undefined;
  };
  const claim: Record<Field, unknown> = {
    name: take("name"),
    id: take("id"),
    time: take("time"),
    userId: take("userId"),
    anonymousId: take("anonymousId"),
    sessionId: take("sessionId"),
    url: take("url"),
    referrer: take("referrer"),
    ip: take("ip"),
    userAgent: take("userAgent"),
    country: take("country"),
  };
  const bagName = BAGS.find((b) => isObject(own(item, b)));
  const malformed = own(item, "properties");
  if (bagName === undefined && malformed !== undefined && malformed !== null)
    return { ...claim, properties: "malformed" };
  const bag = bagName === undefined ? {} : (item[bagName] as JsonObject);
  const properties = new Map<string, unknown>();
  for (const [k, v] of Object.entries(item))
    if (!used.has(k) && k !== bagName) properties.set(k, v);
  for (const [k, v] of Object.entries(bag)) properties.set(k, v);
  for (const field of IN_PROPERTIES) {
    for (const name of FIELDS[field]) {
      // An `id` among the properties is the thing's that the event is about.
      if (field === "id" && name === "id") continue;
      const value = own(bag, name);
      if (value === undefined || value === null) continue;
      claim[field] ??= value;
      if (field === "ip") properties.delete(name);
    }
  }
  // An address is used for the visitor id alone, wherever it stood.
  for (const name of FIELDS.ip) properties.delete(name);
  return { ...claim, properties: Object.fromEntries(properties) };
}

function own(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
