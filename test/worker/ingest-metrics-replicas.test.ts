import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { makeElectionStore } from "../../src/storage/elections";
import { encodeSnappy, encodeWriteRequest } from "../ingest/remote-write/encode";
import { encodeRequestV2 } from "../ingest/remote-write/encode-v2";
import { post, send, stored } from "./ingest-metrics-client";

const now = Date.now();
const labelsOf = (metric: string, cluster: string, replica: string) =>
  [
    ["__name__", metric],
    ["__replica__", replica],
    ["cluster", cluster],
  ] as const;

const write = (metric: string, cluster: string, replica: string, time: number): Promise<Response> =>
  post(
    "/api/v1/write",
    encodeSnappy(
      encodeWriteRequest([{ labels: labelsOf(metric, cluster, replica), samples: [[time, 1]] }]),
    ),
    { "content-type": "application/x-protobuf", "content-encoding": "snappy" },
  );
const writeV2 = (
  metric: string,
  cluster: string,
  replica: string,
  time: number,
): Promise<Response> =>
  post(
    "/api/v1/write",
    encodeSnappy(
      encodeRequestV2([{ labels: labelsOf(metric, cluster, replica), samples: [[time, 1]] }]),
    ),
    {
      "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
      "content-encoding": "snappy",
    },
  );

describe("a pair of senders", () => {
  it.each([
    ["1.0", write],
    ["2.0", writeV2],
  ])("is stored once by remote write %s, without the replica's label", async (version, sendTo) => {
    const metric = `ha_${version.replace(".", "_")}`;
    const a = await sendTo(metric, metric, "a", now - 1000);
    const b = await sendTo(metric, metric, "b", now - 900);
    expect([a.status, b.status]).toEqual([204, 204]);
    // To the one left out all is written: the other replica does it.
    expect(b.headers.get("x-prometheus-remote-write-samples-written")).toBe("1");
    expect(await stored(metric)).toEqual([`${metric}{cluster="${metric}"} ${now - 1000} 1`]);
    expect(
      await (
        await send("/metrics", { headers: { authorization: "Bearer vdt_read_local" } })
      ).text(),
    ).toMatch(/^vedette_deduplicated_samples_total [1-9]/m);
  });

  it("is elected cluster by cluster, and needs both labels", async () => {
    await write("ha_each", "one", "a", now);
    await write("ha_each", "two", "b", now);
    expect(await stored("ha_each")).toHaveLength(2);
    const plain = encodeWriteRequest([
      {
        labels: [
          ["__name__", "ha_alone"],
          ["__replica__", "a"],
        ],
        samples: [[now, 1]],
      },
    ]);
    await post("/api/v1/write", encodeSnappy(plain), { "content-type": "application/x-protobuf" });
    expect(await stored("ha_alone")).toEqual([`ha_alone{__replica__="a"} ${now} 1`]);
  });

  it("is followed by the other once the elected one has been silent for 30 s", async () => {
    const store = makeElectionStore(env.DB, "default");
    await store.swap("ha_over", undefined, { replica: "a", seenAtMs: now - 31_000 });
    await write("ha_over", "ha_over", "b", now);
    await write("ha_over", "ha_over", "a", now + 1);
    expect(await stored("ha_over")).toEqual([`ha_over{cluster="ha_over"} ${now} 1`]);
    expect(await store.get("ha_over")).toMatchObject({ replica: "b" });
  });

  it("lets one of two win a change that both ask for", async () => {
    const store = makeElectionStore(env.DB, "default");
    const at = (replica: string, seenAtMs: number) => ({ replica, seenAtMs });
    expect(await store.swap("ha_race", undefined, at("a", 1))).toEqual(at("a", 1));
    expect(await store.swap("ha_race", undefined, at("b", 2))).toEqual(at("a", 1));
    expect(await store.swap("ha_race", at("a", 1), at("b", 3))).toEqual(at("b", 3));
    expect(await store.swap("ha_race", at("a", 1), at("c", 4))).toEqual(at("b", 3));
  });
});
