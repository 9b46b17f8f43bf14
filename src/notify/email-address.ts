/** A mailbox (RFC 5322, 3.4). */
export interface EmailAddress {
  /** "" where there is none. */
  readonly name: string;
  readonly email: string;
}

/** An address that every transport takes: ASCII, one @, no space and nothing that ends a header's value. */
const ADDRESS = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*$/;
const MAX_CHARS = 254;
const NAME_CHARS = 100;

/** The addresses of a comma-separated list, `Name <a@b>` or bare; what is none is left out. */
export function parseAddresses(list: string): EmailAddress[] {
  return splitList(list).flatMap((entry) => parseAddress(entry) ?? []);
}

export function parseAddress(text: string): EmailAddress | undefined {
  const whole = text.trim();
  const open = whole.endsWith(">") ? whole.lastIndexOf("<") : -1;
  const email = open < 0 ? whole : whole.slice(open + 1, -1).trim();
  if (email.length > MAX_CHARS || !ADDRESS.test(email)) return undefined;
  const written = whole.slice(0, Math.max(open, 0)).trim();
  const name = written.replace(/^"(.*)"$/s, "$1").replace(/\\(.)/gs, "$1");
  return { name: name.slice(0, NAME_CHARS), email };
}

/** `"Name" <a@b>`, the name quoted, or the bare address. */
export function formatAddress(a: EmailAddress): string {
  return a.name === "" ? a.email : `"${a.name.replace(/["\\]/g, String.raw`\$&`)}" <${a.email}>`;
}

/** At commas outside quotes and angle brackets. */
function splitList(list: string): string[] {
  return (list.match(/(?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^,])+/gs) ?? []).filter((s) => s.trim() !== "");
}
