/** A message that is coded by hand, in place of one by its form: for what is sent so often that the form's way is felt. */
export class EncodedMessage {
  /** Gives its bytes, which nobody uses once something else may have run. */
  readonly encode: () => Uint8Array;

  constructor(encode: () => Uint8Array) {
    this.encode = encode;
  }
}
