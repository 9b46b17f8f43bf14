import type { ProductEvent } from "../../src/core/events";
import { personOf } from "../../src/events/person";

/** A whole event from the parts that a test cares about. */
export function productEvent(parts: Partial<ProductEvent> = {}): ProductEvent {
  const event: ProductEvent = {
    id: "e1",
    timeMs: Date.UTC(2026, 5, 1, 12),
    timed: "by_sender",
    name: "clicked",
    person: "",
    userId: "",
    anonymousId: "",
    visitorId: "",
    sessionId: "",
    path: "",
    referrer: "",
    country: "",
    device: "",
    browser: "",
    os: "",
    value: null,
    properties: {},
    ...parts,
  };
  return { ...event, person: event.person === "" ? personOf(event, event.id) : event.person };
}
