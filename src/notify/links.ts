import type { NotificationData } from "../alerting/notification-data";
import { fnv64 } from "../alerting/fingerprint";
import type { StringMap } from "../core/alerts";
import type { OutgoingNotification } from "../core/objects";
import { type LinkAction, makeLink } from "../core/signed-link";

/**
 * Addresses by which whoever has a message acts on its alerts, without a login. Each opens a page
 * that says what it would do and does it at the press of a button, so that previews trigger nothing.
 */
export interface ActionLinks {
  readonly acknowledge: string;
  readonly silence: string;
  readonly resolve: string;
}

export interface LinkSource {
  /** Config.tokenSecret. */
  readonly secret: string;
  readonly projectId: string;
  /** Config.externalUrl: without it there is no address to link to. */
  readonly externalUrl: string | undefined;
}

/** A link works for three days, over a weekend. */
export const LINK_LIFETIME_MS = 3 * 86_400_000;
/** Links stand in query strings, buttons and subject lines of others, so they stay below 1,000 characters. */
const MAX_LABEL_CHARS = 400;
const MAX_FINGERPRINTS = 8;

/** The links of one message; undefined where nothing in it fires, or there is no address to link to. */
export async function actionLinks(
  source: LinkSource,
  notification: Pick<
    OutgoingNotification,
    "receiver" | "groupKey" | "status" | "reason" | "dataJson"
  >,
  nowMs: number,
): Promise<ActionLinks | undefined> {
  const { externalUrl } = source;
  if (externalUrl === undefined || notification.status === "resolved") return undefined;
  // Reports tell of no alert.
  const data = JSON.parse(notification.dataJson) as Partial<NotificationData>;
  const firing = (data.alerts ?? []).filter((a) => a.status === "firing");
  if (firing.length === 0) return undefined;
  const labels = data.groupLabels ?? {};
  const claims = {
    projectId: source.projectId,
    receiver: notification.receiver,
    group: fnv64(notification.groupKey),
    ...(short(labels) ? { groupLabels: labels } : {}),
    fingerprints: firing.slice(0, MAX_FINGERPRINTS).map((a) => a.fingerprint),
    expiresAtS: Math.ceil((nowMs + LINK_LIFETIME_MS) / 1_000),
  };
  const link = async (action: LinkAction): Promise<string> =>
    `${externalUrl}/a/${await makeLink(source.secret, { ...claims, action })}`;
  const [acknowledge, silence, resolve] = await Promise.all([
    link("acknowledge"),
    link("silence"),
    link("resolve"),
  ]);
  return { acknowledge, silence, resolve };
}

/** The HTTP header `Link` (RFC 8288) of a webhook's message, whose body has no room for links. */
export function linkHeader(links: ActionLinks): string {
  return (["acknowledge", "silence", "resolve"] as const)
    .map((action) => `<${links[action]}>; rel="${action}"`)
    .join(", ");
}

function short(labels: StringMap): boolean {
  return JSON.stringify(labels).length <= MAX_LABEL_CHARS;
}
