// `npm run backfill -- FILE`: sends a dump of metrics in pieces, cut at line ends. FILE is what `promtool tsdb dump`
// prints, or OpenMetrics text with timestamps (a name that ends in .om or .openmetrics, or --openmetrics); - is stdin.
import { createReadStream } from "node:fs";
import { gzipSync } from "node:zlib";

const PIECE_BYTES = 4 * 1024 * 1024;
const USAGE = `usage: npm run backfill -- FILE [--openmetrics] [--url URL] [--token TOKEN]
  FILE     what promtool tsdb dump prints, or OpenMetrics text with timestamps; - for stdin
  --url    Vedette's address (VEDETTE_URL, http://127.0.0.1:8787)
  --token  a token that may write (VEDETTE_TOKEN, vdt_ingest_local)`;

function parseArgs(argv) {
  const options = {
    url: process.env.VEDETTE_URL ?? "http://127.0.0.1:8787",
    token: process.env.VEDETTE_TOKEN ?? "vdt_ingest_local",
    file: undefined,
    openmetrics: false,
  };
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i];
    if (arg === "--openmetrics") options.openmetrics = true;
    else if (arg === "--url" || arg === "--token") options[arg.slice(2)] = argv[++i];
    else if (options.file === undefined && (arg === "-" || !arg.startsWith("-")))
      options.file = arg;
    else return undefined;
  }
  if (options.file === undefined || options.url === undefined || options.token === undefined)
    return undefined;
  options.openmetrics ||= /\.(om|openmetrics)$/.test(options.file);
  return options;
}

/** Pieces of whole lines, each with the number of its first line. */
async function* pieces(stream) {
  let parts = [];
  let size = 0;
  let line = 1;
  const take = (bytes) => {
    const body = Buffer.concat([...parts, bytes]);
    const piece = { body, firstLine: line };
    for (let at = body.indexOf(10); at >= 0; at = body.indexOf(10, at + 1)) line++;
    parts = [];
    size = 0;
    return piece;
  };
  for await (const chunk of stream) {
    const end = chunk.lastIndexOf(10) + 1;
    if (size + chunk.length >= PIECE_BYTES && end > 0) {
      yield take(chunk.subarray(0, end));
      parts = [chunk.subarray(end)];
      size = chunk.length - end;
    } else {
      parts.push(chunk);
      size += chunk.length;
    }
  }
  if (size > 0) yield take(Buffer.alloc(0));
}

async function send(options, { body, firstLine }) {
  const url = new URL("/api/v1/import/prometheus-dump", options.url);
  url.searchParams.set("format", options.openmetrics ? "openmetrics" : "dump");
  url.searchParams.set("first_line", String(firstLine));
  const response = await fetch(url, {
    method: "POST",
    headers: {
      authorization: `Bearer ${options.token}`,
      "content-type": "text/plain",
      "content-encoding": "gzip",
    },
    body: gzipSync(body, { level: 1 }),
  });
  const text = await response.text();
  if (response.status !== 200) {
    let detail = text;
    try {
      detail = JSON.parse(text).detail ?? text;
    } catch {
      // Not from Vedette: shown as it came.
    }
    throw new Error(`from line ${firstLine} on: ${response.status} ${detail}`);
  }
  return JSON.parse(text);
}

async function main() {
  const options = parseArgs(process.argv.slice(2));
  if (options === undefined) {
    console.error(USAGE);
    return 2;
  }
  const stream =
    options.file === "-"
      ? process.stdin
      : createReadStream(options.file, { highWaterMark: 1 << 20 });
  const total = { lines: 0, accepted: 0, duplicates: 0 };
  try {
    for await (const piece of pieces(stream)) {
      const done = await send(options, piece);
      for (const key of Object.keys(total)) total[key] += done[key];
      if (process.stderr.isTTY) process.stderr.write(`\r${total.lines} lines`);
    }
  } catch (e) {
    const why = e.cause?.message === undefined ? e.message : `${e.message}: ${e.cause.message}`;
    console.error(
      `backfill: ${why}\n${total.lines} lines before are stored; the same file may be sent again`,
    );
    return 1;
  }
  console.log(
    `${total.lines} lines: ${total.accepted} samples stored, ${total.duplicates} were there already`,
  );
  return 0;
}

process.exitCode = await main();
