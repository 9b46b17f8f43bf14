import type { Objects } from "../core/object-stubs";
import type { OutgoingNotification } from "../core/objects";
import type { IntegrationRef } from "./config";

/** Gives a message to the Receiver of an integration as `configInForce` has it, with the templates that its texts call. */
export async function handToReceiver(
  objects: Objects,
  integration: IntegrationRef & { readonly templates?: string },
  message: OutgoingNotification,
): Promise<void> {
  const templates =
    integration.templates === undefined
      ? null
      : await objects.alertRouter().templates(integration.templates);
  await objects
    .receiver(integration.id)
    .enqueue(JSON.stringify(integration), message, templates ?? undefined);
}
