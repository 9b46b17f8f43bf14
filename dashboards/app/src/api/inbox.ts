import type { InboxMessage } from "../../../../src/notify/model";

export type { InboxMessage } from "../../../../src/notify/model";

/** GET /api/v1/receiver/inbox, newest first. */
export interface Inbox {
  readonly messages: readonly InboxMessage[];
}
