/** A cron expression with all seven fields spelled out, or what is wrong with it. */
export type NormalizedCron = { readonly pattern: string } | { readonly problem: string };

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Words for the numbers, from `min` on. */
  readonly words?: readonly (readonly string[])[];
  /** Entries that are no numbers: kept as they are written. */
  readonly special?: RegExp;
}

const months = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
const days = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const withShort = (names: readonly string[]) => names.map((name) => [name, name.slice(0, 3)]);

const second: Field = { name: "second", min: 0, max: 59 };
const year: Field = { name: "year", min: 1970, max: 2099 };
const dayOfWeek: Field = { name: "day-of-week", min: 0, max: 6, words: withShort(days) };
const fields: readonly Field[] = [
  second,
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day-of-month", min: 1, max: 31, special: /^(?:l|lw|(?:0?[1-9]|[12]\d|3[01])w)$/ },
  { name: "month", min: 1, max: 12, words: withShort(months) },
  dayOfWeek,
  year,
];

const nicknames: Readonly<Record<string, string>> = {
  "@yearly": "0 0 0 1 1 * *",
  "@annually": "0 0 0 1 1 * *",
  "@monthly": "0 0 0 1 * * *",
  "@weekly": "0 0 0 * * 0 *",
  "@daily": "0 0 0 * * * *",
  "@hourly": "0 0 * * * * *",
};

/**
 * Spells out a cron expression as Nomad reads it (`hashicorp/cronexpr` 1.1.3): five fields from minute to day of week, a sixth
 * is the year, and with a seventh the first is the second. Ranges and steps become lists, so that no other reader differs.
 */
export function normalizeCron(expression: string): NormalizedCron {
  const text = Object.entries(nicknames).reduce((left, [name, meaning]) => left.replaceAll(name, meaning), expression);
  const given = text.split(/\s+/).filter((field) => field !== "");
  if (given.length < 5) return { problem: `has ${given.length} of at least five fields: minute, hour, day of month, month, day of week` };
  const seven = given.length === 5 ? ["0", ...given, "*"] : given.length === 6 ? ["0", ...given] : given;
  const normalized: string[] = [];
  for (const [index, field] of fields.entries()) {
    const list = normalizeField(seven[index] ?? "*", field);
    if ("problem" in list) return list;
    normalized.push(list.pattern);
  }
  const filled = normalized.map((list, index) => (list === "" && isBesideDays(normalized, index) ? "*" : list));
  const empty = filled.indexOf("");
  if (empty < 0) return { pattern: filled.join(" ") };
  const why = "ends before it begins: Nomad takes it and never launches";
  return { problem: `has ${JSON.stringify(seven[empty])} in its ${fields[empty]?.name} field, which ${why}` };
}

/** Whether the other one of the two day fields has days: where both are limited, one that has none leaves the day to the other. */
function isBesideDays(lists: readonly string[], index: number): boolean {
  const [days, weekdays] = [fields.findIndex(({ name }) => name === "day-of-month"), fields.indexOf(dayOfWeek)];
  const other = index === days ? lists[weekdays] : index === weekdays ? lists[days] : undefined;
  return other !== undefined && other !== "" && other !== "*";
}

/** The list of a field, empty where its spans have no numbers: of several entries these say nothing. */
function normalizeField(text: string, field: Field): NormalizedCron {
  const entries = text
    .toLowerCase()
    .split(",")
    .filter((entry) => entry !== "");
  if (entries.length === 0) return { problem: `has nothing in its ${field.name} field` };
  const parts: string[] = [];
  let isWildcard = false;
  for (const entry of entries) {
    if (entry === "*" || entry === "?") {
      isWildcard = true;
      continue;
    }
    const part = normalizeSpecial(entry, field) ?? spellOut(entry, field);
    if (part === undefined) return { problem: `has ${JSON.stringify(entry)} in its ${field.name} field, which is none` };
    if (part !== "") parts.push(part);
  }
  return { pattern: isWildcard ? "*" : [...new Set(parts.flatMap((part) => part.split(",")))].join(",") };
}

/** Words of the day fields that are no numbers: `L`, `15W`, `LW`, `5L`, `5#2`. */
function normalizeSpecial(entry: string, field: Field): string | undefined {
  if (field.special?.test(entry) === true) return entry.toUpperCase().replace(/^0/, "");
  if (field !== dayOfWeek) return undefined;
  const [, day = "", , nth] = /^(.+?)(l|#([1-5]))$/.exec(entry) ?? [];
  const number = toNumber(day, field);
  return number === undefined ? undefined : `${number}#${nth ?? "L"}`;
}

/** The numbers of `5`, `5-20`, `*\/2`, `5/2` or `5-20/2`, none where the span ends before it begins; undefined: it is none of these. */
function spellOut(entry: string, field: Field): string | undefined {
  const [, from = "", to, step] = /^([^-/]+)(?:-([^-/]+))?(?:\/(\d+))?$/.exec(entry) ?? [];
  const first = from === "*" ? field.min : toNumber(from, field);
  const isSpan = from === "*" || to !== undefined || step !== undefined;
  const last = to === undefined ? (isSpan ? field.max : first) : toNumber(to, field);
  const width = Number(step ?? 1);
  if (first === undefined || last === undefined || (from === "*" && to !== undefined)) return undefined;
  if (width < 1 || width > field.max) return undefined;
  // A span of days that ends with a Sunday ends with the week.
  const end = field === dayOfWeek && isSpan && last === 0 ? field.max : last;
  const numbers = Array.from({ length: Math.max(0, Math.floor((end - first) / width) + 1) }, (_, index) => first + index * width);
  return numbers.join(",");
}

function toNumber(text: string, { min, max, words = [] }: Field): number | undefined {
  const word = words.findIndex((names) => names.includes(text));
  if (word >= 0) return min + word;
  if (!/^\d{1,2}$|^\d{4}$/.test(text)) return undefined;
  const number = Number(text);
  // 7 is Sunday, like 0.
  if (words.length === days.length && number === 7) return 0;
  return number >= min && number <= max ? number : undefined;
}
