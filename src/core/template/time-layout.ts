/** Go's layouts, in which the time of reference, Mon Jan 2 15:04:05 MST 2006, says what stands where (https://pkg.go.dev/time#Layout). */

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** Longer pieces before their own beginnings. */
const PIECES =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|Z07:00:00|Z070000|Z07:00|Z0700|Z07|-07:00:00|-070000|-07:00|-0700|-07|002|01|02|03|04|05|06|15|__2|_2(?!006)|[.,]0+(?!\d)|[.,]9+(?!\d)|PM|pm|1|2|3|4|5/g;

/** More than any time has. */
const MAX_PIECES = 16;

export function formatLayout(
  layout: string,
  ms: number,
  offsetMinutes: number,
  zoneName: string,
): string {
  const d = new Date(ms + offsetMinutes * 60_000);
  return layout.replace(PIECES, (piece) => write(piece, d, offsetMinutes, zoneName));
}

function write(piece: string, d: Date, offset: number, zone: string): string {
  const month = MONTHS[d.getUTCMonth()] ?? "";
  const day = DAYS[d.getUTCDay()] ?? "";
  switch (piece) {
    case "January":
      return month;
    case "Jan":
      return month.slice(0, 3);
    case "Monday":
      return day;
    case "Mon":
      return day.slice(0, 3);
    case "MST":
      return zone;
    case "2006":
      return String(d.getUTCFullYear()).padStart(4, "0");
    case "06":
      return two(d.getUTCFullYear() % 100);
    case "01":
      return two(d.getUTCMonth() + 1);
    case "1":
      return String(d.getUTCMonth() + 1);
    case "02":
      return two(d.getUTCDate());
    case "_2":
      return String(d.getUTCDate()).padStart(2);
    case "2":
      return String(d.getUTCDate());
    case "002":
      return String(dayOfYear(d)).padStart(3, "0");
    case "__2":
      return String(dayOfYear(d)).padStart(3);
    case "15":
      return two(d.getUTCHours());
    case "03":
      return two(d.getUTCHours() % 12 || 12);
    case "3":
      return String(d.getUTCHours() % 12 || 12);
    case "04":
      return two(d.getUTCMinutes());
    case "4":
      return String(d.getUTCMinutes());
    case "05":
      return two(d.getUTCSeconds());
    case "5":
      return String(d.getUTCSeconds());
    case "PM":
      return d.getUTCHours() < 12 ? "AM" : "PM";
    case "pm":
      return d.getUTCHours() < 12 ? "am" : "pm";
    default:
      break;
  }
  if (/^[.,]/.test(piece)) return fraction(piece, d.getUTCMilliseconds());
  if (piece.startsWith("Z") && offset === 0) return "Z";
  return offsetText(piece, offset);
}

/** `.000` keeps every digit, `.999` drops the zeros at the end, and itself where nothing is left. */
function fraction(piece: string, millis: number): string {
  const count = piece.length - 1;
  const digits = String(millis).padStart(3, "0").padEnd(9, "0").slice(0, count);
  if (piece[1] === "0") return `${piece[0] ?? ""}${digits}`;
  const rest = digits.replace(/0+$/, "");
  return rest === "" ? "" : `${piece[0] ?? ""}${rest}`;
}

function offsetText(piece: string, offset: number): string {
  const abs = Math.abs(offset);
  const sign = offset < 0 ? "-" : "+";
  const hours = two(Math.floor(abs / 60));
  const minutes = two(abs % 60);
  const form = piece.replace(/^[Z-]/, "");
  switch (form) {
    case "07":
      return `${sign}${hours}`;
    case "0700":
      return `${sign}${hours}${minutes}`;
    case "07:00":
      return `${sign}${hours}:${minutes}`;
    case "070000":
      return `${sign}${hours}${minutes}00`;
    default:
      return `${sign}${hours}:${minutes}:00`;
  }
}

const two = (n: number): string => String(n).padStart(2, "0");

function dayOfYear(d: Date): number {
  return Math.floor((d.getTime() - Date.UTC(d.getUTCFullYear(), 0, 1)) / 86_400_000) + 1;
}

type Fields = Partial<
  Record<
    "year" | "month" | "day" | "hour" | "minute" | "second" | "millis" | "offset" | "pm",
    number
  >
>;

/** Reads a text by a layout, in UTC unless it names an offset; undefined where it does not fit. */
export function parseLayout(layout: string, text: string): number | undefined {
  const pieces: string[] = [];
  // Each piece may take one sign or two: many in a row could be divided in more ways than can be tried.
  if ((layout.match(PIECES)?.length ?? 0) > MAX_PIECES) return undefined;
  const pattern = layout
    .replace(PIECES, (piece) => `\ue000${pieces.push(piece) - 1}\ue000`)
    .replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replace(/\ue000(\d+)\ue000/g, (_, i: string) => `(${patternOf(pieces[Number(i)] ?? "")})`);
  const m = new RegExp(`^${pattern}$`, "i").exec(text);
  if (m === null) return undefined;
  const f: Fields = {};
  pieces.forEach((piece, i) => read(piece, m[i + 1] ?? "", f));
  const hour = f.pm === undefined ? (f.hour ?? 0) : ((f.hour ?? 0) % 12) + (f.pm === 1 ? 12 : 0);
  const day = f.day ?? 1;
  const d = new Date(0);
  d.setUTCFullYear(f.year ?? 0, (f.month ?? 1) - 1, day);
  d.setUTCHours(hour, f.minute ?? 0, f.second ?? 0, f.millis ?? 0);
  // 31 February is no day.
  if (d.getUTCDate() !== day && hour < 24) return undefined;
  return d.getTime() - (f.offset ?? 0) * 60_000;
}

function patternOf(piece: string): string {
  if (piece === "January") return MONTHS.join("|");
  if (piece === "Jan") return MONTHS.map((n) => n.slice(0, 3)).join("|");
  if (piece === "Monday") return DAYS.join("|");
  if (piece === "Mon") return DAYS.map((n) => n.slice(0, 3)).join("|");
  if (piece === "MST") return "[A-Z]{3,5}|[+-]\\d{2}(?:\\d{2})?";
  if (piece === "2006") return "\\d{4}";
  if (piece === "PM" || piece === "pm") return "[AP]M";
  if (/^[.,]/.test(piece)) return "(?:[.,]\\d+)?";
  if (/^[Z-]0/.test(piece)) return "Z|[+-]\\d{2}(?::?\\d{2}){0,2}";
  if (piece === "002" || piece === "__2") return "[ \\d]{2}\\d";
  return /^0|15/.test(piece) ? "\\d{2}" : " ?\\d{1,2}";
}

function read(piece: string, text: string, f: Fields): void {
  const n = Number(text.trim());
  if (piece === "2006") f.year = n;
  else if (piece === "06") f.year = n + (n >= 69 ? 1900 : 2000);
  else if (piece === "01" || piece === "1") f.month = n;
  else if (piece === "January" || piece === "Jan")
    f.month = MONTHS.findIndex((m) => m.toLowerCase().startsWith(text.toLowerCase())) + 1;
  else if (piece === "02" || piece === "2" || piece === "_2") f.day = n;
  else if (piece === "15" || piece === "03" || piece === "3") f.hour = n;
  else if (piece === "04" || piece === "4") f.minute = n;
  else if (piece === "05" || piece === "5") f.second = n;
  else if (piece === "PM" || piece === "pm") f.pm = text.toUpperCase() === "PM" ? 1 : 0;
  else if (/^[.,]/.test(piece)) f.millis = Math.floor(Number(`0.${text.slice(1) || "0"}`) * 1000);
  else if (/^[Z-]0/.test(piece)) f.offset = readOffset(text);
}

function readOffset(text: string): number {
  const m = /^([+-])(\d{2}):?(\d{2})?/.exec(text);
  if (m === null) return 0;
  const minutes = Number(m[2]) * 60 + Number(m[3] ?? "0");
  return m[1] === "-" ? -minutes : minutes;
}
