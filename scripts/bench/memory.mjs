// What a shard with many active series adds to the isolate's memory, as V8 itself counts it.
import { ADMIN, freePort, startVedette } from "./processes.mjs";
import { load, requestCounters } from "./remote-write.mjs";
import { gridEnd } from "./size.mjs";

const ACTIVE = 50_000;
const ROUNDS = 10;

export async function benchMemory(report) {
  const inspectorPort = await freePort();
  const vedette = await startVedette({}, { env: { VEDETTE_INSPECTOR_PORT: String(inspectorPort) } });
  try {
    // One of each request first, so that code and tables of the Worker itself are not counted.
    await load(vedette.url, requestCounters({ series: 50, points: 2, stepS: 15, endS: gridEnd() }), { headers: ADMIN });
    const before = await heapBytes(inspectorPort);
    await load(vedette.url, requestCounters({ series: ACTIVE, points: ROUNDS, stepS: 15, endS: gridEnd() }), { headers: ADMIN });
    const after = await heapBytes(inspectorPort);
    const mb = (after.total - before.total) / 1e6;
    const note = `objects ${((after.objects - before.objects) / 1e6).toFixed(1)} MB, buffers ${((after.buffers - before.buffers) / 1e6).toFixed(1)} MB`;
    report.add({ what: `memory of a shard with ${ACTIVE} active series`, value: mb, unit: " MB", atMost: 40, note });
  } finally {
    await vedette.stop();
  }
}

/** Bytes in use after a collection, through the runtime's inspector. */
async function heapBytes(port) {
  const targets = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json();
  const socket = new WebSocket(targets.find((t) => t.id.endsWith("vedette")).webSocketDebuggerUrl);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error("the inspector does not answer"));
  });
  let id = 0;
  const call = (method) =>
    new Promise((resolve) => {
      const mine = ++id;
      socket.addEventListener("message", ({ data }) => {
        const answer = JSON.parse(data);
        if (answer.id === mine) resolve(answer.result);
      });
      socket.send(JSON.stringify({ id: mine, method }));
    });
  try {
    // Requests of a moment ago may still hold their bodies.
    await new Promise((r) => setTimeout(r, 3000));
    for (let k = 0; k < 2; k++) await call("HeapProfiler.collectGarbage");
    const { usedSize, backingStorageSize = 0 } = await call("Runtime.getHeapUsage");
    return { total: usedSize + backingStorageSize, objects: usedSize, buffers: backingStorageSize };
  } finally {
    socket.close();
  }
}
