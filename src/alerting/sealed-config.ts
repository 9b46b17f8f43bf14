import { type Result, ok } from "../core/result";
import type { SealProblem, Sealer } from "../core/seal";
import type { Integration, RouterConfig, SealedIntegration } from "./config";

/** An integration as it is stored: those that hold nothing secret, or were stored before any was sealed, are plain. */
export type StoredIntegration = SealedIntegration | Integration;

/** Templates by the name of their file, and what they are known by. */
export interface TemplateBundle {
  readonly hash: string;
  readonly files: Readonly<Record<string, string>>;
}

/** The configuration as the router keeps it. What is sealed in `former` with the same content keeps its form. */
export async function sealConfig(
  config: RouterConfig<Integration>,
  sealer: Sealer,
  former: RouterConfig<StoredIntegration>,
  templates: TemplateBundle | undefined,
): Promise<RouterConfig<StoredIntegration>> {
  const known = new Map(former.receivers.flatMap((r) => r.integrations.map((i) => [i.id, i])));
  const receivers = await Promise.all(
    config.receivers.map(async (r) => ({
      ...r,
      integrations: await Promise.all(
        r.integrations.map((i) => sealIntegration(i, sealer, known.get(i.id), templates?.hash)),
      ),
    })),
  );
  return { ...config, receivers };
}

/** Sealed as a whole, since a header or an address may hold a secret as well as a password. */
export async function sealIntegration(
  integration: StoredIntegration,
  sealer: Sealer,
  former?: StoredIntegration,
  templates?: string,
): Promise<StoredIntegration> {
  if ("sealed" in integration || integration.type === "incident" || integration.type === "builtin")
    return integration;
  const { id, type, sendResolved, perMinute } = integration;
  return {
    id,
    type,
    sendResolved,
    ...(perMinute === undefined ? {} : { perMinute }),
    sealed: await sealedText(JSON.stringify(integration), sealer, former),
    ...(templates === undefined ? {} : { templates }),
  };
}

export async function openIntegration(
  stored: StoredIntegration,
  sealer: Sealer,
): Promise<Result<Integration, SealProblem>> {
  if (!("sealed" in stored)) return ok(stored);
  const opened = await sealer.open("integration", stored.sealed);
  return opened.ok ? ok(JSON.parse(opened.value) as Integration) : opened; // as sealIntegration wrote it
}

/** Templates under a name that follows from what they say; undefined where there are none. */
export async function templateBundle(
  files: Readonly<Record<string, string>>,
): Promise<TemplateBundle | undefined> {
  if (Object.keys(files).length === 0) return undefined;
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(JSON.stringify(files)),
  );
  const hash = Array.from(new Uint8Array(digest, 0, 16), (b) => b.toString(16).padStart(2, "0"));
  return { hash: hash.join(""), files };
}

async function sealedText(
  text: string,
  sealer: Sealer,
  former: StoredIntegration | undefined,
): Promise<string> {
  if (former !== undefined && "sealed" in former && (await sealer.isCurrent(former.sealed))) {
    const opened = await sealer.open("integration", former.sealed);
    if (opened.ok && opened.value === text) return former.sealed;
  }
  return sealer.seal("integration", text);
}
