import { type Result, err, ok } from "./result";

export interface UrlRefusal {
  readonly reason: "not_a_url" | "scheme" | "credentials" | "private_address" | "private_name";
  readonly message: string;
}

/**
 * Whether Vedette may call an address that somebody configured: http(s), and outside local mode
 * nothing that lies inside a network (SSRF). The URL parser turns every decimal, octal and
 * hexadecimal form of an IPv4 address into dotted digits, so that those are checked alone.
 */
export function checkOutgoingUrl(text: string, local: boolean): Result<URL, UrlRefusal> {
  if (!URL.canParse(text)) return err({ reason: "not_a_url", message: "not an address" });
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return err({ reason: "scheme", message: `${url.protocol} is neither http nor https` });
  // fetch() refuses such an address; saying so at configuration time is kinder.
  if (url.username !== "" || url.password !== "")
    return err({
      reason: "credentials",
      message: "user and password belong in http_config.basic_auth, not in the address",
    });
  if (local) return ok(url);
  const host = url.hostname.replace(/\.+$/, "").toLowerCase();
  if (host.startsWith("[")) {
    const bytes = parseIpv6(host.slice(1, -1));
    if (bytes === undefined || isPrivateV6(bytes)) return privateAddress(host);
    return ok(url);
  }
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host))
    return isPrivateV4(host.split(".").map(Number)) ? privateAddress(host) : ok(url);
  if (!host.includes(".") || PRIVATE_SUFFIXES.some((s) => host === s.slice(1) || host.endsWith(s)))
    return err({ reason: "private_name", message: `${host} is a private name` });
  return ok(url);
}

const PRIVATE_SUFFIXES = [
  ".localhost",
  ".local",
  ".internal",
  ".intranet",
  ".lan",
  ".home",
  ".corp",
  ".home.arpa",
  ".localdomain",
];

function privateAddress(host: string): Result<URL, UrlRefusal> {
  return err({ reason: "private_address", message: `${host} is a private or reserved address` });
}

/** Networks that are not the public internet (RFC 6890 and its successors), as first address and prefix length. */
const PRIVATE_V4: readonly (readonly [number, number, number, number, number])[] = [
  [0, 0, 0, 0, 8],
  [10, 0, 0, 0, 8],
  [100, 64, 0, 0, 10],
  [127, 0, 0, 0, 8],
  [169, 254, 0, 0, 16],
  [172, 16, 0, 0, 12],
  [192, 0, 0, 0, 24],
  [192, 0, 2, 0, 24],
  [192, 88, 99, 0, 24],
  [192, 168, 0, 0, 16],
  [198, 18, 0, 0, 15],
  [198, 51, 100, 0, 24],
  [203, 0, 113, 0, 24],
  [224, 0, 0, 0, 3],
];

function isPrivateV4(parts: readonly number[]): boolean {
  const value = number32(parts);
  return PRIVATE_V4.some(([a, b, c, d, bits]) => {
    const shift = 32 - bits;
    return value >>> shift === number32([a, b, c, d]) >>> shift;
  });
}

function number32(parts: readonly number[]): number {
  return parts.reduce((n, p) => ((n << 8) | (p & 0xff)) >>> 0, 0);
}

function isPrivateV6(b: readonly number[]): boolean {
  const at = (i: number): number => b[i] ?? 0;
  const zeros = (from: number, to: number): boolean => b.slice(from, to).every((x) => x === 0);
  // ::, ::1, IPv4-compatible and IPv4-mapped.
  if (zeros(0, 10) && ((at(10) === 0xff && at(11) === 0xff) || (at(10) === 0 && at(11) === 0)))
    return zeros(12, 15) ? true : isPrivateV4(b.slice(12)) || at(10) === 0;
  // NAT64 (64:ff9b::/96) and 6to4 (2002::/16) carry an IPv4 address.
  if (at(0) === 0 && at(1) === 0x64 && at(2) === 0xff && at(3) === 0x9b)
    return !zeros(4, 12) || isPrivateV4(b.slice(12));
  if (at(0) === 0x20 && at(1) === 0x02) return isPrivateV4(b.slice(2, 6));
  // Documentation and Teredo.
  if (
    at(0) === 0x20 &&
    at(1) === 0x01 &&
    ((at(2) === 0x0d && at(3) === 0xb8) || (at(2) | at(3)) === 0)
  )
    return true;
  // Everything outside global unicast 2000::/3: unique local, link-local, multicast, discard.
  return (at(0) & 0xe0) !== 0x20;
}

/** 16 bytes of an address as the URL parser serialises it: compressed hex groups, no dotted tail. */
function parseIpv6(text: string): readonly number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const groups = (part: string | undefined): number[] =>
    part === undefined || part === "" ? [] : part.split(":").map((g) => Number.parseInt(g, 16));
  const head = groups(halves[0]);
  const tail = groups(halves[1]);
  const fill = 8 - head.length - tail.length;
  if (fill < 0 || (halves.length === 1 && fill !== 0)) return undefined;
  const all = [...head, ...Array.from({ length: fill }, () => 0), ...tail];
  if (all.some((g) => !Number.isInteger(g) || g < 0 || g > 0xffff)) return undefined;
  return all.flatMap((g) => [g >> 8, g & 0xff]);
}
