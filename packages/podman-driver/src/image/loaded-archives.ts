/** What an archive was when it was loaded. */
export interface LoadedArchive {
  /** Image ID. */
  readonly id: string;
  readonly sizeBytes: number;
  /** `sha256:…` of its bytes. */
  readonly digest: string;
}

/** More are forgotten, the oldest first: they are loaded again when they are asked for. */
const mostKept = 500;

/** Which archives have been loaded into which engine, so that none is loaded twice. For the life of the plugin. */
export class LoadedArchives {
  readonly #byOrigin = new Map<string, LoadedArchive>();

  /** What came from this very place: a file that is as it was, or an address with its version. */
  find(origin: string): LoadedArchive | undefined {
    return this.#byOrigin.get(origin);
  }

  /** Whether something of this size has been loaded, so that a look at the content is worth it. */
  hasSize(engine: string, sizeBytes: number): boolean {
    return this.#entries(engine).some((one) => one.sizeBytes === sizeBytes);
  }

  findContent(engine: string, digest: string): LoadedArchive | undefined {
    return this.#entries(engine).find((one) => one.digest === digest);
  }

  /** `origin` begins with the engine's name. */
  note(origin: string, loaded: LoadedArchive): void {
    this.#byOrigin.delete(origin);
    this.#byOrigin.set(origin, loaded);
    const [oldest] = this.#byOrigin.keys();
    if (this.#byOrigin.size > mostKept && oldest !== undefined) this.#byOrigin.delete(oldest);
  }

  #entries(engine: string): readonly LoadedArchive[] {
    return [...this.#byOrigin].flatMap(([origin, loaded]) => (origin.startsWith(`${engine} `) ? [loaded] : []));
  }
}
