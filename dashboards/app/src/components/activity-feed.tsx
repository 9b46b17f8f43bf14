import { Badge, Group, ScrollArea, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { LiveEvent } from "../../../../src/core/live";
import { useLive } from "../live/store";
import { Ago } from "./ago";
import { Empty } from "./empty";
import { Panel } from "./panel";

const SHOWN = 60;
const OF_EVERY_PAGE = new Set(["path", "country", "browser", "device", "referrer"]);

/** Product events as they come, newest first. */
export function ActivityFeed({ height }: { readonly height: number }): ReactNode {
  const events = useLive((v) => v.events);
  return (
    <Panel title="Live activity" note={events.length === 0 ? undefined : `${events.length} recent`}>
      {events.length === 0 ? (
        <Empty
          title="No events yet"
          command={`<script defer src="${location.origin}/b.js" data-key="vdt_beacon_local"></script>`}
        >
          Put the beacon into a page, or post to /api/v1/ingest/events.
        </Empty>
      ) : (
        <ScrollArea h={height} type="auto">
          <div role="log" aria-live="off" aria-label="Events">
            {events
              .slice(-SHOWN)
              .toReversed()
              .map((e) => (
                <Activity key={e.n} event={e} />
              ))}
          </div>
        </ScrollArea>
      )}
    </Panel>
  );
}

function Activity({ event }: { readonly event: LiveEvent }): ReactNode {
  const { name, value, ...others } = event.properties;
  // What the event itself says comes before what is known of every page.
  const own = Object.entries(others).filter(([k]) => !OF_EVERY_PAGE.has(k));
  const page = Object.entries(others).filter(([k]) => OF_EVERY_PAGE.has(k));
  const first = Object.entries({ name, value }).filter(([, v]) => v !== undefined);
  const details = [...first, ...own, ...page]
    .slice(0, 5)
    .map(([k, v]) => `${k}=${v}`)
    .join("  ");
  return (
    <Group
      gap={8}
      px={12}
      py={5}
      wrap="nowrap"
      justify="space-between"
      style={{ borderBottom: "1px solid var(--vd-line)" }}
      data-testid="activity"
    >
      <Group gap={8} wrap="nowrap" miw={0}>
        <Badge
          color={
            event.name === "page_view" ? "blue" : event.name.includes("error") ? "red" : "teal"
          }
          size="sm"
          tt="none"
          style={{ flex: "none", maxWidth: 180 }}
        >
          {event.name}
        </Badge>
        <Text fz="xs" c="dimmed" truncate title={details}>
          {details}
        </Text>
      </Group>
      <Text fz="xs" c="dimmed" component="span">
        <Ago ms={event.timeMs} />
      </Text>
    </Group>
  );
}
