import {
  ActionIcon,
  Badge,
  ScrollArea,
  SegmentedControl,
  Text,
  TextInput,
  Tooltip,
} from "@mantine/core";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import type { LiveLogLine } from "../../../../src/core/live";
import { formatClock } from "../format";
import { Icon } from "../icons";
import { useLive } from "../live/store";
import type { Numbered } from "../live/view";
import { logColor } from "../theme";
import { Empty } from "./empty";
import { Panel } from "./panel";

const LEVELS = [
  { value: "all", label: "All" },
  { value: "info", label: "Info+" },
  { value: "warn", label: "Warn+" },
  { value: "error", label: "Error" },
];
const RANK: Readonly<Record<string, number>> = {
  trace: 0,
  debug: 1,
  info: 2,
  notice: 2,
  warn: 3,
  warning: 3,
  error: 4,
  critical: 5,
  fatal: 5,
};
const SHOWN = 300;

/** The newest log lines as they come; pausing keeps what is on the screen. */
export function LogTail({ height }: { readonly height: number }): ReactNode {
  const live = useLive((v) => v.logs);
  const dropped = useLive((v) => v.droppedLines);
  const [paused, setPaused] = useState<readonly Numbered<LiveLogLine>[]>();
  const [level, setLevel] = useState("all");
  const [text, setText] = useState("");
  const all = paused ?? live;
  const lines = useMemo(() => filtered(all, level, text), [all, level, text]);
  const viewport = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);

  useEffect(() => {
    if (atEnd.current) viewport.current?.scrollTo({ top: viewport.current.scrollHeight });
  }, [lines]);

  return (
    <Panel
      title="Live logs"
      note={
        paused === undefined
          ? dropped > 0
            ? `${dropped} lines left out: too many at once`
            : undefined
          : `paused, ${newer(live, paused)} new`
      }
      actions={
        <>
          <TextInput
            size="xs"
            w={150}
            placeholder="Filter text"
            aria-label="Filter lines by text"
            value={text}
            onChange={(e) => setText(e.currentTarget.value)}
          />
          <SegmentedControl
            size="xs"
            data={LEVELS}
            value={level}
            onChange={setLevel}
            aria-label="Lowest level"
          />
          <Tooltip label={paused === undefined ? "Pause" : "Go on"}>
            <ActionIcon
              variant={paused === undefined ? "default" : "filled"}
              onClick={() => setPaused(paused === undefined ? live : undefined)}
              aria-label={paused === undefined ? "Pause the log" : "Go on with the log"}
              aria-pressed={paused !== undefined}
            >
              <Icon name={paused === undefined ? "pause" : "play"} size={14} />
            </ActionIcon>
          </Tooltip>
        </>
      }
    >
      {all.length === 0 ? (
        <Empty
          title="No log lines yet"
          command={`curl -X POST '${location.origin}/api/v1/ingest/logs?token=vdt_ingest_local' \\\n  -H 'content-type: application/json' \\\n  -d '{"level":"info","service":"shop","message":"hello"}'`}
        >
          Send one, or point an OpenTelemetry exporter at {location.origin}/v1/logs.
        </Empty>
      ) : (
        <ScrollArea
          h={height}
          viewportRef={viewport}
          type="auto"
          onScrollPositionChange={({ y }) => {
            const v = viewport.current;
            atEnd.current = v === null || y + v.clientHeight >= v.scrollHeight - 30;
          }}
        >
          <div
            className="vd-lines"
            role="log"
            aria-live="off"
            aria-label="Log lines"
            style={{ padding: "6px 0" }}
          >
            {lines.map((line) => (
              <LogLineRow key={line.n} line={line} />
            ))}
            {lines.length === 0 && (
              <Text fz="sm" c="dimmed" px="md" py="xs">
                No line fits the filter.
              </Text>
            )}
          </div>
        </ScrollArea>
      )}
    </Panel>
  );
}

/** One log line in the grid of `.vd-line`. */
export function LogLineRow({ line }: { readonly line: LiveLogLine }): ReactNode {
  const color = logColor(line.level);
  return (
    <div
      className="vd-line"
      style={
        color === "red" || color === "yellow"
          ? { borderLeftColor: `var(--mantine-color-${color}-5)` }
          : undefined
      }
      data-testid="log-line"
    >
      <Text component="span" inherit c="dimmed" className="vd-num">
        {formatClock(line.timeMs)}
      </Text>
      <Badge
        color={color}
        size="xs"
        radius="xs"
        px={4}
        style={{ alignSelf: "start", marginTop: 2 }}
        fullWidth
      >
        {line.level.slice(0, 5)}
      </Badge>
      <Text component="span" inherit c="dimmed" title={line.service}>
        {line.service}
      </Text>
      <span className="vd-text">{line.message}</span>
    </div>
  );
}

function filtered(
  lines: readonly Numbered<LiveLogLine>[],
  level: string,
  text: string,
): readonly Numbered<LiveLogLine>[] {
  const least = level === "all" ? -1 : (RANK[level] ?? 0);
  const wanted = text.trim().toLowerCase();
  return lines
    .filter((l) => (RANK[l.level.toLowerCase()] ?? 2) >= least)
    .filter(
      (l) =>
        wanted === "" ||
        l.message.toLowerCase().includes(wanted) ||
        l.service.toLowerCase().includes(wanted),
    )
    .slice(-SHOWN);
}

function newer(
  live: readonly Numbered<LiveLogLine>[],
  paused: readonly Numbered<LiveLogLine>[],
): number {
  const last = paused.at(-1)?.n ?? -1;
  return live.filter((l) => l.n > last).length;
}
