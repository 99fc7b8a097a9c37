const nothing = new Uint8Array();

/** Cuts a stream of bytes so that no UTF-8 character is split. */
export class WholeCharacters {
  #pending: Uint8Array = nothing;

  /** All bytes so far that are not given out yet, without a character at their end that is still incomplete. */
  push(data: Uint8Array): Uint8Array {
    const bytes = this.#pending.length === 0 ? data : Buffer.concat([this.#pending, data]);
    const end = bytes.length - incompleteLength(bytes);
    // A copy: the rest of the chunk need not stay.
    this.#pending = new Uint8Array(bytes.subarray(end));
    return bytes.subarray(0, end);
  }

  /** What is left: the start of a character that never came. */
  end(): Uint8Array {
    const left = this.#pending;
    this.#pending = nothing;
    return left;
  }
}

/** How many bytes at the end begin a character without completing it; 0 to 3. */
function incompleteLength(bytes: Uint8Array): number {
  for (let length = 1; length <= Math.min(3, bytes.length); length += 1) {
    const byte = bytes[bytes.length - length] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return byte < 0xf8 && characterLength(byte) > length ? length : 0;
  }
  return 0;
}

function characterLength(leadByte: number): number {
  if (leadByte >= 0xf0) return 4;
  return leadByte >= 0xe0 ? 3 : 2;
}
