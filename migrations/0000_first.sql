CREATE TABLE `config_documents` (
	`project_id` text NOT NULL,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`version` integer NOT NULL,
	`body` text,
	`updated_at_ms` integer NOT NULL,
	`updated_by` text NOT NULL,
	PRIMARY KEY(`project_id`, `kind`, `name`, `version`)
);
--> statement-breakpoint
CREATE TABLE `projects` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`region` text,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `ticking_objects` (
	`project_id` text NOT NULL,
	`class_name` text NOT NULL,
	`object_name` text NOT NULL,
	`registered_at_ms` integer NOT NULL,
	PRIMARY KEY(`class_name`, `object_name`)
);
--> statement-breakpoint
CREATE TABLE `tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`project_id` text NOT NULL,
	`name` text NOT NULL,
	`scopes` text NOT NULL,
	`origins` text DEFAULT '' NOT NULL,
	`created_at_ms` integer NOT NULL,
	`created_by` text NOT NULL,
	`revoked_at_ms` integer
);
--> statement-breakpoint
CREATE TABLE `log_chunks` (
	`project_id` text NOT NULL,
	`last_ms` integer NOT NULL,
	`id` text NOT NULL,
	`first_ms` integer NOT NULL,
	`line_count` integer NOT NULL,
	`levels` integer NOT NULL,
	`services` text NOT NULL,
	`words` blob NOT NULL,
	`lines` blob NOT NULL,
	PRIMARY KEY(`project_id`, `last_ms`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `span_chunks` (
	`project_id` text NOT NULL,
	`last_ms` integer NOT NULL,
	`id` text NOT NULL,
	`first_ms` integer NOT NULL,
	`span_count` integer NOT NULL,
	`services` text NOT NULL,
	`has_error` integer NOT NULL,
	`index_keys` text NOT NULL,
	`spans` blob NOT NULL,
	PRIMARY KEY(`project_id`, `last_ms`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `trace_index` (
	`project_id` text NOT NULL,
	`key` text NOT NULL,
	`last_ms` integer NOT NULL,
	`chunk_id` text NOT NULL,
	`fragments` text NOT NULL,
	PRIMARY KEY(`project_id`, `key`, `last_ms`, `chunk_id`)
) WITHOUT ROWID;
