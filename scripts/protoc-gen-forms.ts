// A plugin of protoc: writes the forms of messages and services, and the numbers of enums (packages/go-plugin/src/wire).
import { ScalarType, type DescEnum, type DescField, type DescFile, type DescMessage, type DescService } from "@bufbuild/protobuf";
import { createEcmaScriptPlugin, runNodeJs, type GeneratedFile, type Printable, type Schema } from "@bufbuild/protoplugin";

/** Where forms of the package that owns the wire are found, seen from `src/gen`. */
const forms = "@driver/go-plugin/forms";

runNodeJs(
  createEcmaScriptPlugin({
    name: "protoc-gen-forms",
    version: "v1",
    generateTs: (schema) => schema.files.forEach((file) => printFile(schema, file)),
  }),
);

function printFile(schema: Schema, file: DescFile): void {
  const target = schema.generateFile(`${file.name}_forms.ts`);
  target.preamble(file);
  for (const message of messagesOf(file)) printMessage({ target, file }, message);
  for (const service of file.services) printService({ target, file }, service);
  for (const declared of [...file.enums, ...messagesOf(file).flatMap(({ nestedEnums }) => nestedEnums)]) printEnum(target, declared);
}

/** What is printed into. */
interface Output {
  readonly target: GeneratedFile;
  /** Whose forms it has. */
  readonly file: DescFile;
}

/** Entries of maps are no messages of their own. */
function messagesOf({ messages }: { readonly messages: readonly DescMessage[] }): readonly DescMessage[] {
  return messages.flatMap((message) => [message, ...messagesOf({ messages: message.nestedMessages })]);
}

function printMessage(output: Output, message: DescMessage): void {
  const { target } = output;
  const fields = message.fields.map((field) => ["  ", ...fieldCall(output, field), ",\n"]);
  const form = target.import("MessageForm", forms);
  const start = fields.length === 0 ? ", () => [" : ", () => [\n";
  target.print(target.export("const", formName(message)), " = new ", form, "(", target.string(message.typeName), start, fields, "]);");
  target.print();
}

function fieldCall(output: Output, field: DescField): Printable[] {
  const { target } = output;
  const common = field.oneof === undefined ? [] : [target.string(field.oneof.localName), ", "];
  const own = [String(field.number), ", ", target.string(field.localName), ", ", valueForm(output, field)];
  return [target.import(builderOf(field), forms), "(", ...common, ...own, ")"];
}

/** Which function of field-form.ts makes the form of a field. */
function builderOf(field: DescField): string {
  if (field.fieldKind === "list") return "list";
  if (field.fieldKind !== "map") return field.oneof === undefined ? "one" : "choice";
  if (field.mapKey !== ScalarType.STRING) throw new Error(`${String(field)}: a map by anything but texts has no form yet`);
  return "map";
}

function valueForm(output: Output, field: DescField): Printable {
  if (field.message !== undefined) return messageForm(output, field.message);
  if (field.enum !== undefined) return output.target.import("int32", forms);
  return output.target.import(ScalarType[field.scalar].toLowerCase(), forms);
}

function printService(output: Output, service: DescService): void {
  const { target } = output;
  const type = target.import("ServiceForm", forms, true);
  target.print(target.export("const", `${service.name}Form`), ": ", type, " = {");
  target.print("  typeName: ", target.string(service.typeName), ",");
  target.print("  methods: {");
  for (const { localName, name, methodKind, ...messages } of service.methods) {
    const [input, answer] = [messageForm(output, messages.input), messageForm(output, messages.output)];
    const facts = ["name: ", target.string(name), ", kind: ", target.string(methodKind), ", input: ", input, ", output: ", answer];
    target.print("    ", localName, ": { ", facts, " },");
  }
  target.print("  },");
  target.print("};");
  target.print();
}

function printEnum(target: GeneratedFile, declared: DescEnum): void {
  target.print(target.export("const", codeName(declared)), " = {");
  for (const { localName, number } of declared.values) target.print("  ", localName, ": ", String(number), ",");
  target.print("} as const;");
  target.print();
}

function messageForm({ target, file }: Output, message: DescMessage): Printable {
  const name = formName(message);
  return message.file === file ? name : target.import(name, `./${message.file.name}_forms.ts`);
}

function formName(message: DescMessage): string {
  return `${codeName(message)}Form`;
}

/** As protobuf-es names it. */
function codeName({ typeName, file }: DescMessage | DescEnum): string {
  return typeName.slice(file.proto.package.length + 1).replaceAll(".", "_");
}
