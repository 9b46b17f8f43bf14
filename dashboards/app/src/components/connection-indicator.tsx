import { Group, Text, Tooltip, UnstyledButton } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import { retryNow, useLive } from "../live/store";
import type { LiveStatus } from "../live/socket";

const COLOR = { connecting: "yellow", live: "teal", waiting: "red", paused: "gray" } as const;

/** Whether the page is live, and when it tries again. A click tries at once. */
export function ConnectionIndicator(): ReactNode {
  const status = useLive((v) => v.status);
  const left = useSecondsLeft(status);
  const text = label(status, left);
  return (
    <Tooltip label={status.at === "live" ? "Receiving updates as they happen" : "Click to try now"}>
      <UnstyledButton
        onClick={retryNow}
        role="status"
        data-testid="connection"
        data-status={status.at}
        aria-label={`Connection: ${text}`}
      >
        <Group gap={6} wrap="nowrap">
          <span
            className="vd-dot"
            data-pulse={status.at === "live"}
            style={{ background: `var(--mantine-color-${COLOR[status.at]}-5)` }}
          />
          <Text fz="xs" c="dimmed" className="vd-num">
            {text}
          </Text>
        </Group>
      </UnstyledButton>
    </Tooltip>
  );
}

function label(status: LiveStatus, left: number): string {
  switch (status.at) {
    case "live":
      return "Live";
    case "connecting":
      return "Connecting…";
    case "waiting":
      return left > 0 ? `Disconnected, again in ${left} s` : "Reconnecting…";
    case "paused":
      return "Paused";
  }
}

function useSecondsLeft(status: LiveStatus): number {
  const until = status.at === "waiting" ? status.untilMs : 0;
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (until === 0) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [until]);
  return Math.max(0, Math.ceil((until - now) / 1000));
}
