import { hex, sign } from "../auth/token";

/**
 * The secret part of a heartbeat's address: `hb_<project>_<id>_<mac>`. It proves itself by the deployment's
 * secret, so that a guess costs no look at any store; the id is the heartbeat's and changes with its key.
 */
export interface HeartbeatKey {
  readonly projectId: string;
  readonly keyId: string;
}

const SHAPE = /^hb_([a-z0-9-]{1,40})_([a-z0-9]{8,32})_([0-9a-f]{40})$/;

export async function makeHeartbeatKey(secret: string, key: HeartbeatKey): Promise<string> {
  const body = `hb_${key.projectId}_${key.keyId}`;
  return `${body}_${hex(await sign(secret, `heartbeat\n${body}`))}`;
}

/** Undefined where this deployment did not make it; the comparison takes the same time wherever the first difference is. */
export async function readHeartbeatKey(
  secret: string,
  text: string,
): Promise<HeartbeatKey | undefined> {
  const m = SHAPE.exec(text);
  if (m === null) return undefined;
  const [, projectId = "", keyId = ""] = m;
  const made = await makeHeartbeatKey(secret, { projectId, keyId });
  const encoder = new TextEncoder();
  const [a, b] = [encoder.encode(made), encoder.encode(text)];
  return a.length === b.length && crypto.subtle.timingSafeEqual(a, b)
    ? { projectId, keyId }
    : undefined;
}
