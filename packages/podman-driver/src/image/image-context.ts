import type { PodmanClient } from "@driver/libpod";
import type { Logger } from "@driver/nomad-plugin";
import type { ImageSettings } from "../config/image-settings.ts";
import type { EngineFacts } from "../engine/engine-facts.ts";
import type { Engine } from "../engine/engine.ts";
import type { LoadedArchives } from "../engine/loaded-archives.ts";
import type { SharedPulls } from "../engine/shared-pulls.ts";
import type { RepeatedRefusals } from "../repeated-refusals.ts";
import type { AuthTools } from "./auth/find-credentials.ts";
import type { SharedHelpers } from "./auth/shared-helpers.ts";
import { pullStatusMessage, toLogFields, type PullStatus } from "./pull-status.ts";
import { defaultReportTimes, type ReportTimes } from "./pull-watch.ts";

/** The engine that an image is for, and whom it is told to. */
export interface ImageContext {
  readonly podman: PodmanClient;
  /** Where Podman keeps what it downloads; empty: not known. */
  readonly downloadFolder: string;
  /** Empty: not known. */
  readonly hostArchitecture: string;
  readonly settings: ImageSettings;
  readonly pulls: SharedPulls;
  readonly archives: LoadedArchives;
  readonly reportTimes: ReportTimes;
  /** Whether an archive may come from an address, which is whole and without its query. */
  mayFetch(url: string): boolean;
  /** Tells the task's owner what happens. */
  emit(message: string, annotations?: Readonly<Record<string, string>>): void;
  /** Tells whoever looks at the plugin's log how far a pull is. */
  follow(status: PullStatus): void;
  /** `noteFile` tells the operator of each mistake once. */
  readonly authTools: AuthTools;
}

/** For which engine an image is, and for whom. */
export interface ImageRequest {
  readonly engine: Engine;
  readonly facts: Pick<EngineFacts, "downloadFolder" | "architecture">;
  readonly settings: ImageSettings;
  /** Whether an archive may come from an address, which is whole and without its query. */
  mayFetch(url: string): boolean;
  /** Tells the task's owner what happens. */
  emit(message: string, annotations?: Readonly<Record<string, string>>): void;
  /** Where it is noted how far a pull is; default: nowhere. */
  readonly logger?: Logger;
  readonly services: {
    /** Entries of the operator's auth files, by the file. */
    readonly authEntries: RepeatedRefusals<string>;
    readonly credentialHelpers: SharedHelpers;
  };
}

/** What the parts that see to an image work with. */
export function toImageContext(request: ImageRequest): ImageContext {
  const { engine, facts: { downloadFolder, architecture: hostArchitecture }, settings } = request;
  return {
    podman: engine.client,
    downloadFolder,
    hostArchitecture,
    settings,
    pulls: engine.pulls,
    archives: engine.archives,
    reportTimes: defaultReportTimes,
    mayFetch: request.mayFetch.bind(request),
    emit: request.emit.bind(request),
    follow: (status) => request.logger?.trace(pullStatusMessage, toLogFields(status)),
    authTools: toAuthTools(request.services),
  };
}

function toAuthTools({ authEntries, credentialHelpers }: ImageRequest["services"]): AuthTools {
  return {
    noteFile: (path, mistakes) => {
      authEntries.keepOnly(path, mistakes);
      for (const mistake of mistakes) authEntries.tell(path, mistake, mistake, { file: path });
    },
    askHelper: (name, server, signal) => credentialHelpers.ask(name, server, signal),
  };
}
