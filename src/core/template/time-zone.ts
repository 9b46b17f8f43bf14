/** Minutes east of UTC in an IANA zone at a moment. @throws RangeError where there is no such zone */
export function offsetAt(zone: string, ms: number): number {
  if (isUtc(zone)) return 0;
  const name = partOf(zone, ms, "en-US", "longOffset");
  const m = /^GMT(?:([+-])(\d{2}):(\d{2})(?::\d{2})?)?$/.exec(name);
  if (m?.[1] === undefined) return 0;
  const minutes = Number(m[2]) * 60 + Number(m[3]);
  return m[1] === "-" ? -minutes : minutes;
}

/** The zone's abbreviation at a moment, as Go's MST prints it: CET, EDT, or +08 where it has none. */
export function zoneNameAt(zone: string, ms: number): string {
  if (isUtc(zone)) return "UTC";
  const known = NAMES[zone];
  if (known !== undefined) return known;
  for (const locale of ["en-US", "en-GB", "en-AU", "en-NZ", "en-ZA"]) {
    const name = partOf(zone, ms, locale, "short");
    if (/^[A-Z]{2,5}$/.test(name)) return name;
  }
  const minutes = offsetAt(zone, ms);
  const abs = Math.abs(minutes);
  const two = (n: number): string => String(n).padStart(2, "0");
  const rest = abs % 60 === 0 ? "" : two(abs % 60);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(abs / 60))}${rest}`;
}

/** Zones with an abbreviation that the locales above do not know, and no summer time. */
const NAMES: Readonly<Record<string, string>> = {
  "Asia/Hong_Kong": "HKT",
  "Asia/Jakarta": "WIB",
  "Asia/Karachi": "PKT",
  "Asia/Kolkata": "IST",
  "Asia/Calcutta": "IST",
  "Asia/Makassar": "WITA",
  "Asia/Manila": "PST",
  "Asia/Pyongyang": "KST",
  "Asia/Seoul": "KST",
  "Asia/Shanghai": "CST",
  "Asia/Taipei": "CST",
  "Asia/Tokyo": "JST",
  "Africa/Johannesburg": "SAST",
  "Africa/Lagos": "WAT",
  "Africa/Nairobi": "EAT",
  "Europe/Moscow": "MSK",
};

const FORMATS = new Map<string, Intl.DateTimeFormat>();

function partOf(zone: string, ms: number, locale: string, form: "short" | "longOffset"): string {
  const key = `${locale} ${form} ${zone}`;
  let format = FORMATS.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: form });
    FORMATS.set(key, format);
  }
  return format.formatToParts(ms).find((p) => p.type === "timeZoneName")?.value ?? "";
}

function isUtc(zone: string): boolean {
  return zone === "" || zone === "UTC" || zone === "Etc/UTC";
}
