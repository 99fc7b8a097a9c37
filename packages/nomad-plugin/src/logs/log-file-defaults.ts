/** Rotation of a task's log files where nobody says otherwise: `max_files` and `max_file_size` of Nomad's `logs` block. */
export const logFileDefaults = { maxFiles: 10, maxFileSizeMb: 10 } as const;
