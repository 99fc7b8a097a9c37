/** A cron expression, and from when its next times are asked for. */
export interface CronQuestion {
  readonly cron: string;
  readonly zone: string;
  readonly from: string;
}

const expressions = [
  ...["* * * * *", "*/15 * * * *", "0 3 * * *", "0 0 1 * *", "30 4 1,15 * 5", "0 22 * * 1-5", "5-20/5 8-10 * * *", "0 0 29 2 *"],
  ...["5/20 * * * *", "0 */6 * * *", "0 12 * * MON,wed,Friday", "0 12 * JAN-mar *", "0 12 * december 7", "0 0 * * 5-7", "0 0 * * 6-7"],
  ...["0 0 L * *", "0 0 LW * *", "0 0 15W * *", "0 0 1W * *", "0 0 * * 5L", "0 0 * * fri#2", "0 0 * * 0#5", "0 0 * * 5L,1", "0 0 L,15 * *"],
  ...["0 0 1 1 * 2030", "0 0 1 1 * 2030-2040/5", "0 0 1 1 * 1980", "*/20 * * * * * *", "30 0 0 1 1 * 2031", "0 0 0 * * * * extra"],
  ...["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@hourly", "@midnight", "@reboot", "@every 1h"],
  ...[
    "? ? ? ? ?",
    "0 0 ? * 1",
    "0 0 */2 * *",
    "0 0 */10 * */2",
    "0 0 1-31 * 1",
    "0 0 *,5 * 1",
    "00 03 01 01 00",
    "0,0 0 * * *",
    "0 0 30,31 * *",
  ],
  ...[
    "",
    "* * * *",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* * 32 * *",
    "* * * 13 *",
    "* * * * 8",
    "a b c d e",
    "*/0 * * * *",
    "*/60 * * * *",
  ],
  ...[
    "*-5 * * * *",
    "1-2-3 * * * *",
    ", * * * *",
    "1,,2 * * * *",
    "-1 * * * *",
    "5- * * * *",
    "0 0 32W * *",
    "0 0 * * 5#6",
    "0 0 * * L",
    "* * * * * 1969",
  ],
  ...[
    "0 0 1-5W * *",
    "0 0 * foo *",
    "* * * * * 2100",
    "1.5 * * * *",
    "001 * * * *",
    "0 0 * * sunday-tuesday",
    "0 0 * * mon-sun",
    "0 0 31 2 *",
  ],
];

/** Of a list, a span that ends before it begins says nothing. */
const emptySpans = [
  ...["5-1,3 * * * *", "3,5-1 * * * *", "5-1,* * * * *", "*/5 22-6,8 * * *", "0 0 5-1,7 * *", "0 0 5-1 * 1", "0 0 * * 5-1,2"],
  ...["0 0 7 * 5-1", "0 0 L,5-1 * *", "0 0 5-1,15W * *", "0 0 * * 5-1,5L", "0 0 * * 3-2,6-7", "0 0 5-1 * 5L", "0 0 * dec-jan,3 *"],
  ...["0 0 * * * 2040-2030,2031", "30-10,5 0 1 * * * *", "5-1/0 * * * *", "5-1/9,3 * * * *", "0 0 * * sat-sun", "0 0 * dec-jan *"],
];

/** Nomad takes these, and never launches; here they are refused. */
export const neverLaunched: readonly string[] = [
  ...["5-1 * * * *", "5-1/2 * * * *", "0 22-6 * * *", "0 0 5-1 * *", "0 0 5-1 * 5-1", "0 0 * * fri-mon", "0 0 * * * 2040-2030"],
];

const inZones: readonly CronQuestion[] = [
  ...["30 2 * * *", "0 2 * * *", "30 1 * * *", "0 0 * * *", "0 * * * *", "*/30 * * * *", "15 3 * * *"].flatMap((cron) => [
    { cron, zone: "America/New_York", from: "2026-03-07T12:00:00Z" },
    { cron, zone: "America/New_York", from: "2026-10-31T12:00:00Z" },
    { cron, zone: "Europe/Berlin", from: "2026-03-28T12:00:00Z" },
    { cron, zone: "Europe/Berlin", from: "2026-10-24T22:00:00Z" },
    { cron, zone: "Asia/Kolkata", from: "2026-06-01T00:00:00Z" },
  ]),
];

/** What is compared with the library that Nomad uses. */
export const cronQuestions: readonly CronQuestion[] = [
  ...[...expressions, ...emptySpans, ...neverLaunched].flatMap((cron) => [
    { cron, zone: "UTC", from: "2026-11-29T17:04:05Z" },
    { cron, zone: "UTC", from: "2027-12-31T23:59:59Z" },
  ]),
  ...inZones,
];
