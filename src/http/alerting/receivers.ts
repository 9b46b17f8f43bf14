import { Hono } from "hono";
import type { IntegrationRef } from "../../alerting/config";
import { fingerprint } from "../../alerting/fingerprint";
import { type NotificationData, notificationData } from "../../alerting/notification-data";
import { configInForce } from "../../alerting/effective-config";
import { handToReceiver } from "../../alerting/hand-over";
import type { Objects } from "../../core/object-stubs";
import type { OutgoingNotification } from "../../core/objects";
import type { ReceiverHealthView } from "../../notify/receiver-health";
import type { InboxMessage } from "../../notify/model";
import { requireScope } from "../auth/require";
import type { AppEnv, Deps } from "../deps";
import { problem } from "../problem";
import { readLimit } from "./query";

/** How an integration that sends fares; null where its object does not say. */
async function deliveryOf(objects: Objects, { id, type }: IntegrationRef): Promise<object> {
  if (type === "builtin" || type === "incident") return { delivery: null };
  try {
    const health = JSON.parse(await objects.receiver(id).health()) as ReceiverHealthView; // as ReceiverRpc.health says
    const { failing, waiting, oldestWaitingMs } = health;
    return {
      delivery: {
        failing_since: failing === null ? null : new Date(failing.failingSinceMs).toISOString(),
        failures: failing?.failures ?? 0,
        lost: failing?.lost ?? 0,
        last_error: failing?.error ?? null,
        waiting,
        oldest_waiting_at:
          oldestWaitingMs === null ? null : new Date(oldestWaitingMs).toISOString(),
      },
    };
  } catch (e) {
    console.warn("a receiver does not say how it fares", id, e);
    return { delivery: null };
  }
}

/** Who is told of alerts, and what the built-in receivers were told. */
export function receiverRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.get("/api/v1/receivers", requireScope("read"), async (c) => {
    const objects = c.get("deps").objects(c.get("actor").projectId);
    const config = await configInForce(objects);
    const view = async (i: IntegrationRef) => ({
      id: i.id,
      type: i.type,
      send_resolved: i.sendResolved,
      ...(await deliveryOf(objects, i)),
    });
    return c.json({
      receivers: await Promise.all(
        config.receivers.map(async (r) => ({
          name: r.name,
          integrations: await Promise.all(r.integrations.map(view)),
        })),
      ),
    });
  });

  app.post("/api/v1/receivers/:name/test", requireScope("admin"), async (c) => {
    const deps = c.get("deps");
    const projectId = c.get("actor").projectId;
    const config = await configInForce(deps.objects(projectId));
    const name = c.req.param("name");
    const receiver = config.receivers.find((r) => r.name === name);
    if (receiver === undefined)
      return problem(c, {
        status: 404,
        code: "receiver_unknown",
        detail: `there is no receiver ${JSON.stringify(name)}`,
      });
    const able = receiver.integrations.filter((i) => i.type !== "incident");
    if (able.length === 0)
      return problem(c, {
        status: 409,
        code: "nothing_to_send_with",
        detail: "the receiver has no integration that sends a message",
      });
    const data = testData(deps, name);
    const sent = await Promise.all(
      able.map(async (i) => {
        const message = testMessage(deps, name, i, data);
        await handToReceiver(deps.objects(projectId), i, message);
        return { integration: i.id, id: message.id };
      }),
    );
    return c.json({ sent }, 202);
  });

  app.get("/api/v1/receiver/inbox", requireScope("read"), async (c) => {
    const deps = c.get("deps");
    const projectId = c.get("actor").projectId;
    const limit = readLimit(c);
    if (!limit.ok) return problem(c, limit.error);
    const config = await configInForce(deps.objects(projectId));
    const built = config.receivers
      .flatMap((r) => r.integrations)
      .filter((i) => i.type === "builtin");
    const lists = await Promise.all(
      built.map(
        async (i) =>
          JSON.parse(
            await deps.objects(projectId).receiver(i.id).inbox(limit.value),
          ) as InboxMessage[],
      ),
    );
    const messages = lists
      .flat()
      .sort((a, b) => b.receivedAtMs - a.receivedAtMs)
      .slice(0, limit.value);
    return c.json({ messages });
  });

  return app;
}

function testData(deps: Deps, receiver: string): NotificationData {
  const labels = { alertname: "TestAlert", severity: "info" };
  const now = deps.clock();
  return notificationData(
    {
      groupKey: `{}:{alertname="TestAlert"}`,
      receiver,
      groupLabels: { alertname: "TestAlert" },
      externalUrl: deps.config.externalUrl ?? "",
      reason: "test",
    },
    [
      {
        fingerprint: fingerprint(labels),
        source: "test",
        labels,
        annotations: { summary: "A test message of Vedette. Nothing is wrong." },
        status: "firing",
        startsAtMs: now,
        endsAtMs: now,
        generatorUrl: "",
        value: 0,
        heldBackUntilMs: undefined,
        acknowledgedBy: undefined,
        updatedAtMs: now,
      },
    ],
  );
}

function testMessage(
  deps: Deps,
  receiver: string,
  integration: IntegrationRef,
  data: NotificationData,
): OutgoingNotification {
  const id = deps.newId();
  return {
    id,
    receiver,
    integration: integration.id,
    // A group of its own, so that a test waits for no message in retry and supersedes none.
    groupKey: `test/${id}`,
    status: "firing",
    reason: "test",
    dataJson: JSON.stringify(data),
  };
}
