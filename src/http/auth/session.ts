import { hex, sign } from "./token";

export const SESSION_COOKIE = "vedette_session";
const LIFETIME_S = 30 * 86_400;

/**
 * A session is the token itself, signed together with an end, in a cookie that no script
 * can read: revoking the token ends its sessions.
 */
export async function makeSession(
  secret: string,
  token: string,
  nowMs: number,
  secure: boolean,
): Promise<string> {
  const body = `${Math.floor(nowMs / 1000) + LIFETIME_S}.${btoa(token)}`;
  const value = `${body}.${hex(await sign(`${secret}/session`, body))}`;
  return `${SESSION_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${LIFETIME_S}${secure ? "; Secure" : ""}`;
}

export function endSession(): string {
  return `${SESSION_COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`;
}

/** The token in a session cookie, or undefined where it was altered or is over. */
export async function readSession(
  secret: string,
  value: string,
  nowMs: number,
): Promise<string | undefined> {
  const [end = "", token = "", mac = ""] = value.split(".");
  const expected = new TextEncoder().encode(
    hex(await sign(`${secret}/session`, `${end}.${token}`)),
  );
  const given = new TextEncoder().encode(mac);
  if (expected.length !== given.length || !crypto.subtle.timingSafeEqual(expected, given))
    return undefined;
  if (!(Number(end) * 1000 > nowMs)) return undefined;
  try {
    return atob(token);
  } catch {
    return undefined;
  }
}
