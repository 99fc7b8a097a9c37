import { BinaryReader, BinaryWriter, type WireType } from "@bufbuild/protobuf/wire";
import { EncodedMessage } from "./encoded-message.ts";

/** A message under way: its fields by their names. */
export interface Fields extends Record<string, unknown> {
  /** What this version does not know goes on with the message, as protobuf-es has it. */
  $unknown?: UnknownField[];
}

interface UnknownField {
  readonly no: number;
  readonly wireType: WireType;
  readonly data: Uint8Array;
}

/** A field's number and how its content is coded, as a tag says it. */
export type Tag = readonly [number: number, type: WireType];

/** One field of a message (`field-form.ts` has the kinds). */
export interface FieldForm {
  readonly number: number;
  /** Gives the field the value of one that was not sent. */
  clear(message: Fields): void;
  read(message: Fields, reader: BinaryReader, tag: Tag): void;
  write(message: Fields, writer: BinaryWriter): void;
}

/**
 * How a protobuf message looks on the wire, in the shape that protobuf-es gives it, but without the name and methods of one: made by
 * `scripts/protoc-gen-forms.ts`. What the plugin side needs instead of descriptions, which take a fifth of an idle plugin's memory
 * (docs/decisions/0022).
 */
export class MessageForm {
  readonly typeName: string;
  readonly #define: () => readonly FieldForm[];
  #fields: ReadonlyMap<number, FieldForm> | undefined;

  /** `define` is asked when the first message of the kind is met: most kinds are met late or never. */
  constructor(typeName: string, define: () => readonly FieldForm[]) {
    this.typeName = typeName;
    this.#define = define;
  }

  /** A message with all its fields; those that were not sent have the zero of their type. @throws for what is no message of any kind */
  decode(body: Uint8Array): Fields {
    const reader = new BinaryReader(body);
    return this.read(reader, reader.len);
  }

  /** Takes a message with some of its fields; undefined and zeros are not sent. */
  encode(message: object): Uint8Array {
    if (message instanceof EncodedMessage) return message.encode();
    const writer = new BinaryWriter();
    this.write(writer, message as Fields);
    return writer.finish();
  }

  /** Reads up to `end`, into `message` if there is one: a message may come in parts. */
  read(reader: BinaryReader, end: number, message: Fields = this.#empty()): Fields {
    const fields = this.#known();
    while (reader.pos < end) {
      const tag = reader.tag();
      const field = fields.get(tag[0]);
      if (field === undefined) keepUnknown(message, tag, reader.skip(tag[1], tag[0]));
      else field.read(message, reader, tag);
    }
    return message;
  }

  write(writer: BinaryWriter, message: Fields): void {
    for (const field of this.#known().values()) field.write(message, writer);
    for (const { no, wireType, data } of message.$unknown ?? []) writer.tag(no, wireType).raw(data);
  }

  #empty(): Fields {
    const message: Fields = {};
    for (const field of this.#known().values()) field.clear(message);
    return message;
  }

  #known(): ReadonlyMap<number, FieldForm> {
    this.#fields ??= new Map(this.#define().map((field) => [field.number, field]));
    return this.#fields;
  }
}

function keepUnknown(message: Fields, [no, wireType]: Tag, data: Uint8Array): void {
  message.$unknown = [...(message.$unknown ?? []), { no, wireType, data }];
}
