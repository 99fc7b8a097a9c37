import type { PullUpdate } from "@driver/libpod";

interface Blob {
  readonly currentBytes: number;
  readonly totalBytes: number;
}

/** How far a pull is, as far as it can be told. */
export class PullProgress {
  readonly #begunLayers = new Set<string>();
  readonly #blobs = new Map<string, Blob>();
  #hasManifest = false;
  #isStored = false;
  #downloadedBytes: number | undefined;

  /**
   * True from the manifest until all layers are in the storage. Before that Podman may wait for minutes for a registry that limits how
   * often it is asked, and says nothing of it.
   */
  get isDownloading(): boolean {
    return this.#hasManifest && !this.#isStored;
  }

  see(update: PullUpdate): void {
    if (update.kind === "blob") this.#blobs.set(update.digest, update);
    if (update.kind !== "progress") return;
    const layer = /^Copying blob (\S+)/.exec(update.text)?.[1];
    if (layer !== undefined) this.#begunLayers.add(layer);
    if (layer !== undefined || update.text.startsWith("Getting image source signatures")) this.#hasManifest = true;
    if (/^(Copying config|Writing manifest)/.test(update.text)) this.#isStored = true;
  }

  /** What is in Podman's folder for downloads; undefined where it is not known whose it is. */
  seeDownload(bytes: number | undefined): void {
    this.#downloadedBytes = bytes;
  }

  /** What has come of the layers begun so far; undefined where Podman does not tell both. */
  get bytes(): { readonly current: number; readonly total: number } | undefined {
    const blobs = [...this.#blobs.values()];
    // A blob whose size nobody has told makes every total wrong.
    if (blobs.length === 0 || blobs.some(({ totalBytes }) => totalBytes === 0)) return undefined;
    return { current: sum(blobs.map(({ currentBytes }) => currentBytes)), total: sum(blobs.map(({ totalBytes }) => totalBytes)) };
  }

  /** `3 layers begun, 12.3 MB of 45.6 MB`: nothing that is not known. */
  toString(): string {
    const layers = this.#begunLayers.size;
    const parts = [layers === 0 ? "the registry has not sent a layer yet" : `${layers} ${layers === 1 ? "layer" : "layers"} begun`];
    const bytes = this.#toBytes();
    if (bytes !== "") parts.push(bytes);
    if (this.#isStored) parts.push("all layers are there");
    return parts.join(", ");
  }

  #toBytes(): string {
    const { bytes } = this;
    if (bytes !== undefined) return `${toSize(bytes.current)} of ${toSize(bytes.total)}`;
    const current = this.#blobs.size === 0 ? this.#downloadedBytes : sum([...this.#blobs.values()].map(({ currentBytes }) => currentBytes));
    return current === undefined ? "" : `${toSize(current)} so far`;
  }
}

/** `45.6 MB`, in the units that registries count in. */
export function toSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const amount = bytes / 1000 ** power;
  return `${power === 0 ? amount : amount.toFixed(1)} ${units[power] ?? ""}`;
}

/** `8 s`, `2 min 5 s`. */
export function toTime(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000);
  return seconds < 60
    ? `${Math.max(0.1, durationMs / 1000).toFixed(seconds < 10 ? 1 : 0)} s`
    : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
