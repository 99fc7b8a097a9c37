import { WireType, type BinaryReader, type BinaryWriter } from "@bufbuild/protobuf/wire";

/** How a value that is no message looks on the wire. */
export interface ScalarForm {
  readonly type: WireType;
  readonly zero: unknown;
  read(reader: BinaryReader): unknown;
  write(writer: BinaryWriter, value: never): unknown;
}

const scalar = <T>(
  type: WireType,
  zero: T,
  read: (reader: BinaryReader) => T,
  write: (writer: BinaryWriter, value: T) => unknown,
): ScalarForm => ({ type, zero, read, write });

const { Varint, Bit64, LengthDelimited } = WireType;

export const bool = scalar(Varint, false, (reader) => reader.bool(), (writer, value) => writer.bool(value));
export const int32 = scalar(Varint, 0, (reader) => reader.int32(), (writer, value) => writer.int32(value));
export const uint32 = scalar(Varint, 0, (reader) => reader.uint32(), (writer, value) => writer.uint32(value));
export const int64 = scalar(Varint, 0n, (reader) => BigInt(reader.int64()), (writer, value) => writer.int64(value));
export const uint64 = scalar(Varint, 0n, (reader) => BigInt(reader.uint64()), (writer, value) => writer.uint64(value));
export const double = scalar(Bit64, 0, (reader) => reader.double(), (writer, value) => writer.double(value));
/** Refused where it is no UTF-8, as proto3 has it. */
export const string = scalar(LengthDelimited, "", (reader) => reader.string(true), (writer, value) => writer.string(value));
export const bytes = scalar<Uint8Array>(
  LengthDelimited,
  new Uint8Array(),
  (reader) => reader.bytes(),
  (writer, value) => writer.bytes(value),
);

/** What is not sent. Minus zero is sent. */
export function isZero({ zero }: ScalarForm, value: unknown): boolean {
  return zero instanceof Uint8Array ? (value as Uint8Array).length === 0 : Object.is(value, zero);
}
