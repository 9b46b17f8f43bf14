import type { HttpSettings } from "../alerting/config";
import type { NotificationData } from "../alerting/notification-data";
import type { ActionLinks } from "./links";

/** All that a rendering may look at. */
export interface MessageContext {
  readonly data: NotificationData;
  /** Identifies the message to the other side: the same for each of its attempts. */
  readonly id: string;
  /** Why it is sent: a notify reason of alerting/dedup, or `escalation`, `report`, `test`. */
  readonly reason: string;
  /** SHA-256 of the group's key, hex: what Alertmanager hands to services that tie messages together. */
  readonly groupHash: string;
  readonly links: ActionLinks | undefined;
  /** The other side refused the message's form: send the same without markup and extras. */
  readonly plain: boolean;
  /** Expands a field's Go template with Alertmanager's data. */
  readonly expand: (text: string) => string;
  /** The same where the result is HTML: what the template inserts is escaped. */
  readonly expandHtml: (text: string) => string;
}

/** Alertmanager hashes a group's key with SHA-256 wherever a service wants a short one. */
export async function groupHash(groupKey: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(groupKey));
  return Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, "0")).join("");
}

/** Headers of a request that carries JSON, with those that the configuration wants. */
export function jsonHeaders(settings: HttpSettings): Readonly<Record<string, string>> {
  return {
    "content-type": "application/json; charset=utf-8",
    ...Object.fromEntries(settings.headers ?? []),
    ...authorization(settings),
  };
}

function authorization({ authorization: a }: HttpSettings): Readonly<Record<string, string>> {
  if (a === undefined) return {};
  if (a.kind === "bearer") return { authorization: `${a.type} ${a.credentials}` };
  return { authorization: `Basic ${basicCredentials(a)}` };
}

export function basicCredentials(a: {
  readonly username: string;
  readonly password: string;
}): string {
  const bytes = new TextEncoder().encode(`${a.username}:${a.password}`);
  return btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(""));
}

/** The buttons of a message, in the order in which they are shown. */
export function linkButtons(
  links: ActionLinks | undefined,
): readonly { readonly text: string; readonly url: string }[] {
  if (links === undefined) return [];
  return [
    { text: "Acknowledge", url: links.acknowledge },
    { text: "Silence", url: links.silence },
    { text: "Resolve", url: links.resolve },
  ];
}
