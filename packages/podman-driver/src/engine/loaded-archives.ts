/** What an archive was when it was loaded. */
export interface LoadedArchive {
  /** Image ID. */
  readonly id: string;
  readonly sizeBytes: number;
  /** Which of the archive's images was asked for; empty: the first. */
  readonly name: string;
  /** `sha256:…` of its bytes. */
  readonly digest: string;
  /** The ETag of its address; undefined: it has none. */
  readonly version: string | undefined;
}

/** More are forgotten, the oldest first: they are loaded again when they are asked for. */
const mostKept = 500;

/** Which archives have been loaded into an engine, so that none is loaded twice. */
export class LoadedArchives {
  readonly #byOrigin = new Map<string, LoadedArchive>();

  /** What came from this very place: a file that is as it was, or an address, which may have another content now. */
  find(origin: string): LoadedArchive | undefined {
    return this.#byOrigin.get(origin);
  }

  /** Whether something of this size has been loaded, so that a look at the content is worth it. */
  hasSize(sizeBytes: number): boolean {
    return [...this.#byOrigin.values()].some((one) => one.sizeBytes === sizeBytes);
  }

  /** What was asked for by this name in an archive of these bytes, wherever it came from. */
  findContent(digest: string, name: string): LoadedArchive | undefined {
    return [...this.#byOrigin.values()].find((one) => one.digest === digest && one.name === name);
  }

  note(origin: string, loaded: LoadedArchive): void {
    this.#byOrigin.delete(origin);
    this.#byOrigin.set(origin, loaded);
    const [oldest] = this.#byOrigin.keys();
    if (this.#byOrigin.size > mostKept && oldest !== undefined) this.#byOrigin.delete(oldest);
  }
}
