// Samples per second of Snappy decoding, walking and packing remote-write bodies, one thread, no HTTP.
// usage: node test/bench/remote-write-walk.mjs [series per request = 2000] [seconds = 3]
import { build } from "esbuild";

const SERIES = Number(process.argv[2] ?? 2000);
const SECONDS = Number(process.argv[3] ?? 3);

const bundle = async (entry) => {
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: new URL("../..", import.meta.url).pathname },
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
  });
  return import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`
  );
};
const {
  decodeSnappy,
  decodeWriteRequest,
  decodeWriteRequestV2,
  encodeRequestV2,
  encodeSnappy,
  encodeWriteRequest,
} = await bundle(`
  export { decodeSnappy } from "./src/ingest/snappy/decode";
  export { decodeWriteRequest } from "./src/ingest/remote-write/decode";
  export { decodeWriteRequestV2 } from "./src/ingest/remote-write/decode-v2";
  export { encodeSnappy, encodeWriteRequest } from "./test/ingest/remote-write/encode";
  export { encodeRequestV2 } from "./test/ingest/remote-write/encode-v2";
`);

const methods = ["GET", "POST", "PUT", "DELETE"];
const series = Array.from({ length: SERIES }, (_, i) => ({
  labels: [
    ["__name__", "http_requests_total"],
    ["code", "200"],
    ["instance", `host-${Math.floor(i / 100)}:9100`],
    ["job", "api"],
    ["method", methods[i % 4]],
    ["path", `/api/v1/resource/${i % 100}`],
    ["pod", `pod-${i}`],
  ],
  samples: [[1_700_000_000_000 + i, i * 1.5]],
  metadata: { type: 1, help: "Requests." },
}));
const body = encodeSnappy(encodeWriteRequest(series));
const body2 = encodeSnappy(encodeRequestV2(series));

const rate = (name, work) => {
  for (let i = 0; i < 20; i++) work();
  let n = 0;
  const start = performance.now();
  while (performance.now() - start < SECONDS * 1000) {
    work();
    n += SERIES;
  }
  console.log(
    `${name.padEnd(24)} ${Math.round((n / (performance.now() - start)) * 1000).toLocaleString("en")} samples/s`,
  );
};
const raw = decodeSnappy(body, 1 << 26);
console.log(
  `${SERIES} series × 1 sample a request: ${body.length} bytes compressed, ${raw.length} raw`,
);
rate("snappy", () => decodeSnappy(body, 1 << 26));
rate("walk + pack", () => decodeWriteRequest(raw, ""));
rate("snappy + walk + pack", () => decodeWriteRequest(decodeSnappy(body, 1 << 26), ""));
const raw2 = decodeSnappy(body2, 1 << 26);
console.log(`the same by version 2.0: ${body2.length} bytes compressed, ${raw2.length} raw`);
rate("walk + pack", () => decodeWriteRequestV2(raw2, ""));
rate("snappy + walk + pack", () => decodeWriteRequestV2(decodeSnappy(body2, 1 << 26), ""));
