import { WireType, type BinaryReader, type BinaryWriter } from "@bufbuild/protobuf/wire";
import { MessageForm, type FieldForm, type Fields } from "./message-form.ts";
import { isZero, string, type ScalarForm } from "./scalar-form.ts";

type ValueForm = ScalarForm | MessageForm;

/** A field that is there once. A message that was not sent is undefined, and any other value zero. */
export function one(number: number, name: string, form: ValueForm): FieldForm {
  return {
    number,
    clear: (message) => {
      if (!(form instanceof MessageForm)) message[name] = form.zero;
    },
    read: (message, reader) => {
      message[name] = readValue(form, reader, message[name]);
    },
    write: ({ [name]: value }, writer) => {
      if (value === undefined || (!(form instanceof MessageForm) && isZero(form, value))) return;
      writeValue(form, writer, { number, value });
    },
  };
}

/** One of several fields that exclude each other: `{ case, value }` under the name they share. */
export function choice(name: string, number: number, own: string, form: ValueForm): FieldForm {
  return {
    number,
    clear: (message) => {
      message[name] = { case: undefined };
    },
    read: (message, reader) => {
      const before = message[name] as Choice;
      message[name] = { case: own, value: readValue(form, reader, before.case === own ? before.value : undefined) };
    },
    write: ({ [name]: chosen }, writer) => {
      const { case: chosenCase, value } = (chosen ?? {}) as Choice;
      if (chosenCase === own && value !== undefined) writeValue(form, writer, { number, value });
    },
  };
}

interface Choice {
  readonly case?: string | undefined;
  readonly value?: unknown;
}

/** Any number of values. */
export function list(number: number, name: string, form: ValueForm): FieldForm {
  const isPacked = !(form instanceof MessageForm) && form.type !== WireType.LengthDelimited;
  return {
    number,
    clear: (message) => {
      message[name] = [];
    },
    read: (message, reader, [, type]) => {
      const values = message[name] as unknown[];
      const take = (): unknown => values.push(readValue(form, reader, undefined));
      if (!isPacked || type !== WireType.LengthDelimited) return void take();
      const lengthBytes = reader.uint32();
      const end = lengthBytes + reader.pos;
      while (reader.pos < end) take();
    },
    write: (message, writer) => {
      const values = (message[name] ?? []) as readonly unknown[];
      if (!isPacked) return values.forEach((value) => writeValue(form, writer, { number, value }));
      if (values.length === 0) return;
      writer.tag(number, WireType.LengthDelimited).fork();
      for (const value of values) form.write(writer, value as never);
      writer.join();
    },
  };
}

/** Values by a text. */
export function map(number: number, name: string, form: ValueForm): FieldForm {
  const entry = new MessageForm(name, () => [one(1, "key", string), one(2, "value", form)]);
  return {
    number,
    clear: (message) => {
      message[name] = {};
    },
    read: (message, reader) => {
      const { key, value } = readValue(entry, reader, undefined) as { readonly key: string; readonly value?: unknown };
      const settled = value === undefined && form instanceof MessageForm ? form.decode(new Uint8Array()) : value;
      // An own property also where its name is one that objects inherit.
      Object.defineProperty(message[name], key, { value: settled, enumerable: true, writable: true, configurable: true });
    },
    write: (message, writer) => {
      for (const [key, value] of Object.entries(message[name] ?? {})) {
        writer.tag(number, WireType.LengthDelimited).fork();
        // Both are sent, zero or not.
        writeValue(string, writer, { number: 1, value: key });
        writeValue(form, writer, { number: 2, value });
        writer.join();
      }
    },
  };
}

function readValue(form: ValueForm, reader: BinaryReader, before: unknown): unknown {
  if (!(form instanceof MessageForm)) return form.read(reader);
  const lengthBytes = reader.uint32();
  return form.read(reader, lengthBytes + reader.pos, before as Fields | undefined);
}

function writeValue(form: ValueForm, writer: BinaryWriter, { number, value }: { readonly number: number; readonly value: unknown }): void {
  if (!(form instanceof MessageForm)) {
    writer.tag(number, form.type);
    form.write(writer, value as never);
    return;
  }
  writer.tag(number, WireType.LengthDelimited).fork();
  form.write(writer, value as Fields);
  writer.join();
}
