CREATE TABLE `replica_elections` (
	`project_id` text NOT NULL,
	`cluster` text NOT NULL,
	`replica` text NOT NULL,
	`seen_at_ms` integer NOT NULL,
	PRIMARY KEY(`project_id`, `cluster`)
);
