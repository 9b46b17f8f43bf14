import Bowser from "bowser";

export interface ClientKind {
  /** `desktop`, `mobile`, `tablet`, `tv`, `bot`, or "" where it is no browser. */
  readonly device: string;
  readonly browser: string;
  readonly os: string;
}

const NOTHING: ClientKind = { device: "", browser: "", os: "" };
/** Longer headers are no browser's. */
const MAX_LENGTH = 512;
const MAX_REMEMBERED = 500;
const BOT = /bot\b|crawler|spider|slurp/i;

/** Parsing costs a hundred patterns, and a site's visitors share a few headers. */
const remembered = new Map<string, ClientKind>();

/** What a User-Agent header says. */
export function clientKind(userAgent: string): ClientKind {
  if (userAgent === "" || userAgent.length > MAX_LENGTH) return NOTHING;
  const known = remembered.get(userAgent);
  if (known !== undefined) return known;
  const kind = parse(userAgent);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(userAgent, kind);
  return kind;
}

/** Whether a person's browser speaks, and not a server, a script or a robot. */
export function isBrowser(kind: ClientKind): boolean {
  return kind.device !== "" && kind.device !== "bot" && kind.browser !== "";
}

function parse(userAgent: string): ClientKind {
  const { browser, os, platform } = Bowser.parse(userAgent);
  const device = platform.type === "bot" || BOT.test(userAgent) ? "bot" : (platform.type ?? "");
  return { device, browser: browser.name ?? "", os: os.name ?? "" };
}
