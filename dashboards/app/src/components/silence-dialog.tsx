import { Button, Checkbox, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { LiveAlert } from "../../../../src/core/live";
import { silenceAlert } from "../api/silences";
import { counted } from "../format";
import { ErrorNote } from "./query-state";

const DURATIONS = [
  { value: "30m", label: "30 minutes" },
  { value: "1h", label: "1 hour" },
  { value: "4h", label: "4 hours" },
  { value: "24h", label: "1 day" },
  { value: "7d", label: "1 week" },
];

/** A silence made of some of an alert's labels; it says beforehand which alerts it would hold. */
export function SilenceDialog({
  alert,
  onClose,
}: {
  readonly alert: LiveAlert;
  readonly onClose: () => void;
}): ReactNode {
  const names = Object.keys(alert.labels).toSorted((a, b) => (a < b ? -1 : 1));
  const [chosen, setChosen] = useState<readonly string[]>(names);
  const [duration, setDuration] = useState("1h");
  const [comment, setComment] = useState("");
  const queries = useQueryClient();
  const asked = { fingerprint: alert.fingerprint, labels: chosen, duration, comment };
  const preview = useQuery({
    queryKey: ["silence-preview", alert.fingerprint, chosen],
    queryFn: () => silenceAlert(asked, true),
    enabled: chosen.length > 0,
  });
  const silence = useMutation({
    mutationFn: () => silenceAlert(asked, false),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["silences"] });
      onClose();
    },
    onError: (e) => notifications.show({ color: "red", title: "Not silenced", message: e.message }),
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Silence ${alert.labels["alertname"] ?? "alert"}`}
      size="lg"
    >
      <Stack gap="sm">
        <Checkbox.Group
          label="Alerts with the same"
          value={[...chosen]}
          onChange={(v) => setChosen(v)}
        >
          <Stack gap={6} mt={6}>
            {names.map((name) => (
              <Checkbox
                key={name}
                value={name}
                size="xs"
                label={
                  <Text fz="xs" ff="monospace" className="vd-wrap">
                    {name}={alert.labels[name]}
                  </Text>
                }
              />
            ))}
          </Stack>
        </Checkbox.Group>
        <Group gap="xs" align="flex-end">
          <Select
            size="xs"
            label="For"
            data={DURATIONS}
            value={duration}
            allowDeselect={false}
            onChange={(v) => setDuration(v ?? "1h")}
          />
          <TextInput
            size="xs"
            label="Why"
            value={comment}
            onChange={(e) => setComment(e.currentTarget.value)}
            style={{ flex: 1 }}
          />
        </Group>
        {preview.isError && <ErrorNote error={preview.error} />}
        <Group justify="space-between">
          <Text fz="xs" c="dimmed" role="status">
            {chosen.length === 0
              ? "Choose at least one label"
              : preview.data === undefined
                ? "…"
                : `It would hold ${counted(preview.data.alerts.length, "active alert")}`}
          </Text>
          <Button
            size="xs"
            disabled={chosen.length === 0}
            loading={silence.isPending}
            onClick={() => silence.mutate()}
          >
            Silence
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
