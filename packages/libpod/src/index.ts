// The client.
export { PodmanClient, type PodmanClientOptions, type PodmanPing } from "./podman-client.ts";
export type { CallTimeouts } from "./call-timeouts.ts";
export { describePlace, type RemotePlace, type ServicePlace, type TlsFiles } from "./service-place.ts";
export { LibpodError, type LibpodErrorCode, type LibpodErrorFacts } from "./libpod-error.ts";
export type { PodmanInfo, EngineProgram, EngineStorage } from "./podman-info.ts";

// Containers.
export type { Containers, CreatedContainer, ListFilter, LogOptions, RemoveOptions, WaitCondition, WaitOptions } from "./containers.ts";
export type { LoggedLine } from "./log-line-decoder.ts";
export type * from "./container-spec.ts";
export type {
  ContainerConfig,
  ContainerEndpoint,
  ContainerHostConfig,
  ContainerInspect,
  ContainerMount,
  ContainerNetwork,
  ContainerState,
} from "./container-inspect.ts";
export type { ContainerListEntry, PublishedPort } from "./container-list-entry.ts";
export type { ContainerStats } from "./container-stats.ts";
export type { ContainerStatus } from "./container-status.ts";

// Commands in a running container.
export type { Execs, ExecInspect, ExecSpec, ExecStartOptions, TerminalSize } from "./execs.ts";
export type { ExecStream } from "./exec-stream.ts";
export type { OutputPiece } from "./frame-demuxer.ts";

// Images.
export type { ImageName, Images, PullPolicy, PullRequest, PullUpdate, RegistryCredentials, RegistryLogin } from "./images.ts";
export type { ImageInspect, ImageListEntry } from "./image-inspect.ts";

// The engine.
export type { EventFilter, Events, PodmanEvent } from "./events.ts";
export type { PodInspect, PodListEntry, PodMember, Pods, PodSpec } from "./pods.ts";
export type { VolumeInspect, Volumes, VolumeSpec } from "./volumes.ts";

// The k8s-file log.
export { ByteRun } from "./byte-run.ts";
export { K8sFileLines, maxK8sFileLineBytes } from "./k8s-file-lines.ts";
export type { TaskOutput } from "./task-output.ts";
