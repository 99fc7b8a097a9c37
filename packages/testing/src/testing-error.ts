/** What went wrong while a world, an engine or a fixture was built. */
export type TestingErrorCode =
  | "not-permitted"
  | "tool-missing"
  | "world-failed"
  | "engine-start"
  | "engine-command"
  | "image-import"
  | "registry"
  | "certificate"
  | "userland"
  | "no-free-subnet"
  | "no-tests"
  | "unknown-option";

/** The one error class of this package; `message` is a whole sentence that a person can act on. */
export class TestingError extends Error {
  override readonly name = "TestingError";
  readonly code: TestingErrorCode;

  constructor(code: TestingErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
