import {
  Button,
  Checkbox,
  Group,
  Modal,
  SegmentedControl,
  Select,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { type Heartbeat, putHeartbeat } from "../api/heartbeats";
import { labelLines, readLabels } from "../matcher-lines";
import { LabelsField } from "./labels-field";
import { ErrorNote } from "./query-state";

const SEVERITIES = ["critical", "high", "warning", "info"];

/** What is expected of a job: how often it pings, and how late it may be. */
export function HeartbeatDialog({
  former,
  onClose,
}: {
  /** The heartbeat to change; undefined for a new one. */
  readonly former: Heartbeat | undefined;
  readonly onClose: () => void;
}): ReactNode {
  const [name, setName] = useState(former?.name ?? "");
  const [kind, setKind] = useState(former?.cron === undefined ? "every" : "cron");
  const [every, setEvery] = useState(former?.every ?? "1h");
  const [cron, setCron] = useState(former?.cron ?? "0 3 * * *");
  const [zone, setZone] = useState(
    former?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
  );
  const [grace, setGrace] = useState(former?.grace ?? "5m");
  const [maxRun, setMaxRun] = useState(former?.max_run ?? "");
  const [severity, setSeverity] = useState(former?.severity ?? "critical");
  const [labelText, setLabelText] = useState(labelLines(former?.labels ?? {}));
  const [annotationText, setAnnotationText] = useState(labelLines(former?.annotations ?? {}));
  const [paused, setPaused] = useState(former?.paused ?? false);
  const queries = useQueryClient();
  const [labels, annotations] = [readLabels(labelText), readLabels(annotationText)];
  const put = useMutation({
    mutationFn: () =>
      putHeartbeat({
        name: name.trim(),
        grace,
        ...(maxRun.trim() === "" ? {} : { max_run: maxRun.trim() }),
        severity,
        labels: labels ?? {},
        annotations: annotations ?? {},
        paused,
        ...(kind === "every" ? { every } : { cron, time_zone: zone }),
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["heartbeats"] });
      onClose();
    },
  });
  const submit = (e: FormEvent): void => {
    e.preventDefault();
    put.mutate();
  };
  const wrong = name.trim() === "" || labels === undefined || annotations === undefined;
  return (
    <Modal
      opened
      onClose={onClose}
      title={former === undefined ? "New heartbeat" : `Edit ${former.name}`}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          {former?.origin === "config" && (
            <Text fz="xs" c="dimmed">
              It comes from a file, and is put back when that is applied again.
            </Text>
          )}
          {former === undefined && <Field label="Name" value={name} onChange={setName} focus />}
          <SegmentedControl
            size="xs"
            aria-label="Schedule"
            data={[
              { value: "every", label: "Each interval" },
              { value: "cron", label: "By cron" },
            ]}
            value={kind}
            onChange={setKind}
          />
          {kind === "every" ? (
            <Field label="Pings every" value={every} onChange={setEvery} />
          ) : (
            <Group gap="xs" grow>
              <Field label="Cron expression" value={cron} onChange={setCron} />
              <Field label="Time zone" value={zone} onChange={setZone} />
            </Group>
          )}
          <Group gap="xs" grow>
            <Field label="May be late by" value={grace} onChange={setGrace} />
            <Field label="May run for" value={maxRun} onChange={setMaxRun} optional />
          </Group>
          <Select
            size="xs"
            label="Severity"
            data={SEVERITIES.includes(severity) ? SEVERITIES : [severity, ...SEVERITIES]}
            value={severity}
            allowDeselect={false}
            onChange={(v) => setSeverity(v ?? "critical")}
          />
          <LabelsField
            label="Labels of its alert"
            description='one a line, such as team="db"'
            lines={labelText}
            onChange={setLabelText}
          />
          <LabelsField
            label="Annotations of its alert"
            description='one a line, such as runbook="https://wiki.example.com/backup"'
            lines={annotationText}
            onChange={setAnnotationText}
          />
          <Checkbox
            size="xs"
            label="Paused: expects no ping"
            checked={paused}
            onChange={(e) => setPaused(e.currentTarget.checked)}
          />
          {put.isError && <ErrorNote error={put.error} />}
          <Group justify="flex-end">
            <Button type="submit" size="xs" disabled={wrong} loading={put.isPending}>
              {former === undefined ? "Make" : "Save"}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Field({
  label,
  value,
  onChange,
  focus = false,
  optional = false,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly focus?: boolean;
  readonly optional?: boolean;
}): ReactNode {
  return (
    <TextInput
      size="xs"
      label={label}
      value={value}
      required={!optional}
      placeholder={optional ? "no limit" : ""}
      maxLength={200}
      onChange={(e) => onChange(e.currentTarget.value)}
      {...(focus ? { "data-autofocus": true } : {})}
    />
  );
}
