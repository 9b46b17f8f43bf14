/**
 * workerd does not say how much a socket has buffered, so a client says how far it has read:
 * `ack:<atMs of the newest figures message>`, every few seconds.
 */
export interface Pace {
  readonly bytesSinceAck: number;
}

export const FRESH_PACE: Pace = { bytesSinceAck: 0 };

export const MAX_UNACKNOWLEDGED_BYTES = 4 * 1024 * 1024;
export const MAX_LAG_MS = 30_000;
/** The client's only message beside the automatic ping. */
const ACK = /^ack:(\d{1,15})$/;

export type Verdict =
  | { readonly verdict: "keep"; readonly pace: Pace }
  | { readonly verdict: "close"; readonly code: number; readonly reason: string };

export function sent(pace: Pace, bytes: number): Verdict {
  const total = pace.bytesSinceAck + bytes;
  if (total > MAX_UNACKNOWLEDGED_BYTES)
    return {
      verdict: "close",
      code: 1013,
      reason: `${MAX_UNACKNOWLEDGED_BYTES} bytes unacknowledged`,
    };
  return { verdict: "keep", pace: { bytesSinceAck: total } };
}

export function received(text: string, nowMs: number): Verdict {
  const match = ACK.exec(text);
  if (match === null)
    return { verdict: "close", code: 1008, reason: "only ack:<ms> and ping are understood" };
  if (nowMs - Number(match[1]) > MAX_LAG_MS)
    return { verdict: "close", code: 1013, reason: `more than ${MAX_LAG_MS / 1000} s behind` };
  return { verdict: "keep", pace: FRESH_PACE };
}
