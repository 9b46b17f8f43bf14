import {
  Button,
  Chip,
  Group,
  Modal,
  SegmentedControl,
  Stack,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { type NewWindow, makeWindow } from "../api/windows";
import { readMatchers } from "../matcher-lines";
import { ErrorNote } from "./query-state";

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const HOUR_MS = 3_600_000;

/** A window, once or each week, for the alerts that its matchers name. */
export function WindowDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const [name, setName] = useState("");
  const [lines, setLines] = useState("");
  const [kind, setKind] = useState("once");
  const [from, setFrom] = useState(() => localInput(Date.now()));
  const [to, setTo] = useState(() => localInput(Date.now() + HOUR_MS));
  const [days, setDays] = useState<string[]>(["sunday"]);
  const [startTime, setStartTime] = useState("02:00");
  const [endTime, setEndTime] = useState("04:00");
  const queries = useQueryClient();
  const read = readMatchers(lines);
  const matchers = read.ok ? read.matchers : [];
  const location = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const make = useMutation({
    mutationFn: () => {
      const times: Partial<NewWindow> =
        kind === "once"
          ? { startsAt: new Date(from).toISOString(), endsAt: new Date(to).toISOString() }
          : {
              schedule: {
                intervals: [
                  {
                    weekdays: days,
                    times: [{ start_time: startTime, end_time: endTime }],
                    location,
                  },
                ],
              },
            };
      return makeWindow({ name, matchers, comment: "", ...times });
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["windows"] });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title="New maintenance window" size="lg">
      <Stack gap="sm">
        <TextInput
          size="xs"
          label="Name"
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
          data-autofocus
        />
        <Textarea
          size="xs"
          label="Alerts with"
          description={'one matcher a line, such as service="checkout" or instance=~"db-.*"'}
          autosize
          minRows={2}
          value={lines}
          onChange={(e) => setLines(e.currentTarget.value)}
          error={read.ok ? undefined : `${read.line} is no matcher`}
          spellCheck={false}
        />
        <SegmentedControl
          size="xs"
          aria-label="How often"
          data={[
            { value: "once", label: "Once" },
            { value: "weekly", label: "Each week" },
          ]}
          value={kind}
          onChange={setKind}
        />
        {kind === "once" ? (
          <Group gap="xs">
            <When label="From" type="datetime-local" value={from} onChange={setFrom} />
            <When label="Until" type="datetime-local" value={to} onChange={setTo} />
          </Group>
        ) : (
          <>
            <Chip.Group multiple value={days} onChange={setDays}>
              <Group gap={6}>
                {DAYS.map((d) => (
                  <Chip key={d} value={d} size="xs">
                    {d.slice(0, 3)}
                  </Chip>
                ))}
              </Group>
            </Chip.Group>
            <Group gap="xs" align="flex-end">
              <When label="From" type="time" value={startTime} onChange={setStartTime} />
              <When label="Until" type="time" value={endTime} onChange={setEndTime} />
              <Text fz="xs" c="dimmed">
                {location}
              </Text>
            </Group>
          </>
        )}
        {make.isError && <ErrorNote error={make.error} />}
        <Group justify="flex-end">
          <Button
            size="xs"
            disabled={name === "" || !read.ok || matchers.length === 0}
            loading={make.isPending}
            onClick={() => make.mutate()}
          >
            Plan it
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function When({
  label,
  type,
  value,
  onChange,
}: {
  readonly label: string;
  readonly type: "time" | "datetime-local";
  readonly value: string;
  readonly onChange: (value: string) => void;
}): ReactNode {
  return (
    <TextInput
      size="xs"
      label={label}
      type={type}
      value={value}
      onChange={(e) => onChange(e.currentTarget.value)}
    />
  );
}

/** As an input of type datetime-local wants it. */
function localInput(ms: number): string {
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
